import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { PotluckError } from '../base/errors.ts';
import type { Head, SignedHead } from './head.ts';
import { pieceHash } from './piece.ts';

/**
 * Ed25519 (RFC 8032) signatures of the manager over heads, pieces and tickets. Each kind has a text of its own in front, so that a
 * signature of one can never be taken for another.
 */
const HEAD_DOMAIN = 'potluck/head/1\n';
const PIECE_DOMAIN = 'potluck/piece/1\n';
const TICKET_DOMAIN = 'potluck/ticket/1\n';

/** Raw bytes of an Ed25519 public key stand behind this prefix in its SubjectPublicKeyInfo (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Fingerprint of a public key: SHA-256 of its 32 raw bytes, 64 hexadecimal digits. It is how signatures name their key. */
export function fingerprintOf(publicKey: string): string {
  return hash('sha256', Buffer.from(publicKey, 'base64url'), 'hex');
}

/** Proof of a piece: who signed which hash of it. Kept beside the bytes and passed on with them. */
export interface PieceProof {
  /** Fingerprint of the key. */
  readonly key: string;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly sha256: string;
  /** base64url. */
  readonly signature: string;
}

function pieceText(object: string, revision: string, index: number, sha256: string): Buffer {
  return Buffer.from(`${PIECE_DOMAIN}${object}\n${revision}\n${index}\n${sha256}`, 'latin1');
}

/** A key pair: the manager's identity. */
export class Identity {
  /** Raw public key, base64url. */
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly #privateKey: KeyObject;

  private constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    this.publicKey = spki.subarray(SPKI_PREFIX.length).toString('base64url');
    this.fingerprint = fingerprintOf(this.publicKey);
  }

  static generate(): Identity {
    return new Identity(generateKeyPairSync('ed25519').privateKey);
  }

  /** From the PEM that `toPem` gave. Throws on anything else. */
  static fromPem(pem: string): Identity {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'ed25519')
      throw new PotluckError('POTLUCK_FILE_UNREADABLE', 'the identity is not an Ed25519 key');
    return new Identity(key);
  }

  toPem(): string {
    return this.#privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  #sign(bytes: Buffer): string {
    return sign(null, bytes, this.#privateKey).toString('base64url');
  }

  signHead(head: Head): SignedHead {
    const payload = JSON.stringify(head);
    return { payload, key: this.fingerprint, signature: this.#sign(Buffer.from(HEAD_DOMAIN + payload)) };
  }

  signPiece(object: string, revision: string, index: number, bytes: Uint8Array): PieceProof {
    const sha256 = pieceHash(bytes);
    return { key: this.fingerprint, sha256, signature: this.#sign(pieceText(object, revision, index, sha256)) };
  }

  /** A ticket: payload and signature in one token, base64url.base64url. */
  signTicket(payload: object): string {
    const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
    return `${text}.${this.#sign(Buffer.from(TICKET_DOMAIN + text))}`;
  }

  /** Signs any text under a domain of its own; for the handshake. */
  signText(domain: string, text: string): string {
    return this.#sign(Buffer.from(`${domain}\n${text}`));
  }
}

/** The bytes, if this is the one spelling of them; Buffer alone skips what it cannot read, so that one signature would have many. */
function strictBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

/** The other side: checks what a known public key has signed. */
export class Verifier {
  readonly fingerprint: string;
  readonly publicKey: string;
  readonly #key: KeyObject;

  /** `publicKey`: raw, base64url. Throws POTLUCK_BAD_REQUEST where it is no Ed25519 key. */
  constructor(publicKey: string) {
    const raw = strictBase64url(publicKey);
    if (raw?.length !== 32) throw new PotluckError('POTLUCK_BAD_REQUEST', 'not an Ed25519 public key');
    this.#key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
    this.publicKey = publicKey;
    this.fingerprint = fingerprintOf(publicKey);
  }

  #verify(bytes: Buffer, signature: string): boolean {
    const raw = strictBase64url(signature);
    return raw !== undefined && verify(null, bytes, this.#key, raw);
  }

  /** The head, if this key signed it; else undefined. */
  openHead(signed: SignedHead): Head | undefined {
    if (signed.key !== this.fingerprint) return undefined;
    if (!this.#verify(Buffer.from(HEAD_DOMAIN + signed.payload), signed.signature)) return undefined;
    return JSON.parse(signed.payload) as Head;
  }

  /** True if the proof is signed by this key for exactly this piece; says nothing of bytes. */
  verifyProof(object: string, revision: string, index: number, proof: PieceProof): boolean {
    return (
      proof.key === this.fingerprint && this.#verify(pieceText(object, revision, index, proof.sha256), proof.signature)
    );
  }

  /** True if `bytes` are exactly this piece. */
  verifyPiece(object: string, revision: string, index: number, bytes: Uint8Array, proof: PieceProof): boolean {
    return pieceHash(bytes) === proof.sha256 && this.verifyProof(object, revision, index, proof);
  }

  /** The payload of a ticket, if this key signed it; else undefined. Expiry is the caller's matter. */
  openTicket(ticket: string): unknown {
    const dot = ticket.indexOf('.');
    const text = ticket.slice(0, dot);
    if (dot < 1 || !this.#verify(Buffer.from(TICKET_DOMAIN + text), ticket.slice(dot + 1))) return undefined;
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown;
  }

  verifyText(domain: string, text: string, signature: string): boolean {
    return this.#verify(Buffer.from(`${domain}\n${text}`), signature);
  }
}

const KEY_BYTES = 32;
const HASH_BYTES = 32;

/** A proof as bytes, for the store: fingerprint, hash, signature. 128 bytes. */
export function encodeProof(proof: PieceProof): Buffer {
  return Buffer.concat([
    Buffer.from(proof.key, 'hex'),
    Buffer.from(proof.sha256, 'hex'),
    Buffer.from(proof.signature, 'base64url'),
  ]);
}

/** The proof that `encodeProof` wrote. */
export function decodeProof(bytes: Buffer): PieceProof {
  return {
    key: bytes.toString('hex', 0, KEY_BYTES),
    sha256: bytes.toString('hex', KEY_BYTES, KEY_BYTES + HASH_BYTES),
    signature: bytes.toString('base64url', KEY_BYTES + HASH_BYTES),
  };
}
