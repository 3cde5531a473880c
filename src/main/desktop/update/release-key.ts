/** Put in by the build from the variable of the same name (docs/release.md); base64url of the 32 raw bytes of an Ed25519 public key. */
declare const POTLUCK_RELEASE_KEY: string | undefined;

/** Public half of the release key; undefined in a build without one, which cannot tell a genuine update and has updates off. */
export function releaseKey(): string | undefined {
  const key = typeof POTLUCK_RELEASE_KEY === 'undefined' ? '' : POTLUCK_RELEASE_KEY;
  return key === '' ? undefined : key;
}
