import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Head } from '../../../src/engine/content/head.ts';
import { decodeProof, encodeProof, fingerprintOf, Identity, Verifier } from '../../../src/engine/content/signature.ts';

const manager = Identity.generate();
const stranger = Identity.generate();
const verifier = new Verifier(manager.publicKey);
const OBJECT = 'a'.repeat(32);
const REVISION = 'b'.repeat(32);
const BYTES = Buffer.from('the bytes of a piece');

const HEAD: Head = {
  object: OBJECT,
  group: 'g',
  target: '/a',
  vary: [['accept-encoding', ' ']],
  revision: REVISION,
  status: 200,
  headers: ['Content-Type', 'text/plain; charset="\u00fc"'],
  length: BYTES.length,
  pieceSize: 1024,
  etag: '"x"',
  validator: 'etag',
  ranges: true,
  fresh: 1.5,
  age: 0,
  rules: { noCache: false, mustRevalidate: false, staleWhileRevalidate: 0, staleIfError: undefined, explicit: true },
  generation: 0,
  serial: 1,
};

describe('an identity', () => {
  it('is the same after it was written and read', () => {
    const again = Identity.fromPem(manager.toPem());
    expect(again.publicKey).toBe(manager.publicKey);
    expect(again.fingerprint).toBe(manager.fingerprint);
    expect(verifier.openHead(again.signHead(HEAD))).toEqual(HEAD);
  });

  it('is named by the SHA-256 of its raw key, by both sides alike', () => {
    expect(manager.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprintOf(manager.publicKey)).toBe(manager.fingerprint);
    expect(verifier.fingerprint).toBe(manager.fingerprint);
  });

  it('is an Ed25519 key and nothing else', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    expect(() => Identity.fromPem(rsa.toString())).toThrow(/Ed25519/);
    expect(() => Identity.fromPem('rubbish')).toThrow();
    for (const key of ['', 'AAAA', manager.publicKey.slice(4), `${manager.publicKey}AAAA`]) {
      expect(() => new Verifier(key)).toThrow(/Ed25519/);
    }
  });
});

describe('a signed head', () => {
  const signed = manager.signHead(HEAD);

  it('opens with the key that signed it, over any wire that carries text', () => {
    expect(verifier.openHead(JSON.parse(JSON.stringify(signed)))).toEqual(HEAD);
  });

  it('does not open with another key, nor under another name', () => {
    expect(new Verifier(stranger.publicKey).openHead(signed)).toBeUndefined();
    expect(verifier.openHead(stranger.signHead(HEAD))).toBeUndefined();
    expect(verifier.openHead({ ...stranger.signHead(HEAD), key: manager.fingerprint })).toBeUndefined();
    expect(verifier.openHead({ ...signed, key: stranger.fingerprint })).toBeUndefined();
  });

  it('does not open once a single character has changed', () => {
    fc.assert(
      fc.property(fc.nat(signed.payload.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (i, character) => {
        const payload = signed.payload.slice(0, i) + character + signed.payload.slice(i + 1);
        if (payload !== signed.payload) expect(verifier.openHead({ ...signed, payload })).toBeUndefined();
      }),
    );
  });

  it('does not open, and does not throw, with a signature that is none', () => {
    for (const signature of ['', 'x', 'AAAA', '!'.repeat(86), 'A'.repeat(86), `${signed.signature}AAAA`]) {
      expect(verifier.openHead({ ...signed, signature })).toBeUndefined();
    }
  });
});

describe('a proof of a piece', () => {
  const proof = manager.signPiece(OBJECT, REVISION, 3, BYTES);

  it('holds for exactly these bytes at exactly this place', () => {
    expect(verifier.verifyPiece(OBJECT, REVISION, 3, BYTES, proof)).toBe(true);
    expect(verifier.verifyProof(OBJECT, REVISION, 3, proof)).toBe(true);
    expect(verifier.verifyPiece(OBJECT, REVISION, 4, BYTES, proof)).toBe(false);
    expect(verifier.verifyPiece(REVISION, REVISION, 3, BYTES, proof)).toBe(false);
    expect(verifier.verifyPiece(OBJECT, OBJECT, 3, BYTES, proof)).toBe(false);
    expect(new Verifier(stranger.publicKey).verifyPiece(OBJECT, REVISION, 3, BYTES, proof)).toBe(false);
  });

  it('fails for every flipped bit', () => {
    fc.assert(
      fc.property(fc.nat(BYTES.length - 1), fc.nat(7), (i, bit) => {
        const flipped = Buffer.from(BYTES);
        flipped[i] = (flipped[i] as number) ^ (1 << bit);
        expect(verifier.verifyPiece(OBJECT, REVISION, 3, flipped, proof)).toBe(false);
      }),
    );
  });

  it('cannot be made to fit other bytes by changing the hash that it names', () => {
    const other = Buffer.from('other bytes');
    const forged = { ...proof, sha256: manager.signPiece(OBJECT, REVISION, 9, other).sha256 };
    expect(verifier.verifyPiece(OBJECT, REVISION, 3, other, forged)).toBe(false);
  });

  it('is 128 bytes in the store, and comes back as it was', () => {
    expect(encodeProof(proof)).toHaveLength(128);
    expect(decodeProof(encodeProof(proof))).toEqual(proof);
  });
});

describe('a ticket', () => {
  const ticket = manager.signTicket({ node: 'p1', expires: 5 });

  it('opens to what was put in, for the key that signed it', () => {
    expect(verifier.openTicket(ticket)).toEqual({ node: 'p1', expires: 5 });
    expect(new Verifier(stranger.publicKey).openTicket(ticket)).toBeUndefined();
  });

  it('does not open when cut, joined from two, or made up', () => {
    const [payload, signature] = ticket.split('.') as [string, string];
    const [otherPayload, otherSignature] = manager.signTicket({ node: 'p2' }).split('.') as [string, string];
    const forgeries = ['', '.', 'x', payload, `${payload}.`, `.${signature}`, `${payload}.${otherSignature}`];
    for (const forged of [...forgeries, `${otherPayload}.${signature}`, `${ticket}.x`, `${payload}..${signature}`]) {
      expect(verifier.openTicket(forged)).toBeUndefined();
    }
  });
});

describe('signatures of different kinds', () => {
  it('are never taken for each other', () => {
    const payload = JSON.stringify(HEAD);
    const asText = manager.signText('potluck/other/1', payload);
    expect(verifier.verifyText('potluck/other/1', payload, asText)).toBe(true);
    expect(verifier.verifyText('potluck/third/1', payload, asText)).toBe(false);
    expect(verifier.openHead({ payload, key: manager.fingerprint, signature: asText })).toBeUndefined();
    const ticket = manager.signTicket(HEAD).split('.')[1] as string;
    expect(verifier.openHead({ payload, key: manager.fingerprint, signature: ticket })).toBeUndefined();
  });
});
