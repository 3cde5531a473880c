import { loadSecret } from '../base/secret-file.ts';
import { Identity } from '../content/signature.ts';

/**
 * The manager's identity, which peers pin when they join: an Ed25519 key in a PEM file, made on the first start.
 * Throws POTLUCK_FILE_UNREADABLE or POTLUCK_STATE_UNWRITABLE.
 */
export function loadIdentity(path: string): Promise<Identity> {
  return loadSecret(path, {
    make: () => Identity.generate().toPem(),
    parse: (pem) => Identity.fromPem(pem),
    what: 'the private key of this manager (Ed25519, PEM)',
  });
}
