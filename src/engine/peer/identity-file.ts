import { loadSecret } from '../base/secret-file.ts';
import { Identity } from '../content/signature.ts';

/**
 * The peer's own key, made on the first start. Its id is made from it (protocol/handshake.ts).
 * Throws POTLUCK_FILE_UNREADABLE or POTLUCK_STATE_UNWRITABLE.
 */
export function loadPeerIdentity(path: string): Promise<Identity> {
  return loadSecret(path, {
    make: () => Identity.generate().toPem(),
    parse: (pem) => Identity.fromPem(pem),
    what: 'the private key of this peer (Ed25519, PEM)',
  });
}
