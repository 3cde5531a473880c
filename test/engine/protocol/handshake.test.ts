import { describe, expect, it } from 'vitest';
import { peerHealth } from '../../../src/engine/peer/health.ts';
import { baseUrl, hostOf, isLoopback } from '../../../src/engine/protocol/address.ts';
import {
  checkHealthProof,
  checkJoinProof,
  handshakeText,
  joinProof,
  newNonce,
} from '../../../src/engine/protocol/handshake.ts';

const FACTS = { managerNonce: newNonce(), peerNonce: newNonce(), fingerprint: 'f'.repeat(64), peerId: '1'.repeat(32) };

describe('the proof of a join token', () => {
  it('holds for this token, this side and exactly these facts', () => {
    const proof = joinProof('peer', 'token', FACTS);
    expect(proof).toMatch(/^[\w-]{43}$/);
    expect(checkJoinProof('peer', 'token', FACTS, proof)).toBe(true);
    expect(checkJoinProof('manager', 'token', FACTS, proof)).toBe(false);
    expect(checkJoinProof('peer', 'Token', FACTS, proof)).toBe(false);
    expect(checkJoinProof('peer', 'token', FACTS, undefined)).toBe(false);
    expect(checkJoinProof('peer', 'token', FACTS, '')).toBe(false);
    for (const name of Object.keys(FACTS)) {
      expect(checkJoinProof('peer', 'token', { ...FACTS, [name]: 'x' }, proof)).toBe(false);
    }
  });

  it('covers each fact in its own place', () => {
    expect(handshakeText(FACTS)).not.toBe(
      handshakeText({ ...FACTS, managerNonce: FACTS.peerNonce, peerNonce: FACTS.managerNonce }),
    );
  });
});

describe('the proof of a health check', () => {
  const key = newNonce();
  const id = '2'.repeat(32);

  it('is given for a nonce by the peer that has the key', () => {
    const nonce = newNonce();
    const { proof } = peerHealth({ id, healthKey: key }, `nonce=${nonce}`);
    expect(checkHealthProof(key, id, nonce, proof!)).toBe(true);
    expect(checkHealthProof(newNonce(), id, nonce, proof!)).toBe(false);
    expect(checkHealthProof(key, id, newNonce(), proof!)).toBe(false);
    expect(checkHealthProof(key, '3'.repeat(32), nonce, proof!)).toBe(false);
  });

  it.each([
    '',
    'nonce=',
    'nonce=short',
    `nonce=${'x'.repeat(500)}`,
    'nonce=%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a%0a',
  ])('is not given for the query %s', (query) => {
    expect(peerHealth({ id, healthKey: key }, query)).toEqual({ role: 'peer', id });
  });

  it('is not given without a session', () => {
    expect(peerHealth({ id, healthKey: undefined }, `nonce=${newNonce()}`)).toEqual({ role: 'peer', id });
  });
});

describe('addresses', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LOCALHOST.', 'a.localhost'])('%s is loopback', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['128.0.0.1', '::2', '192.168.1.1', 'localhost.example', 'mylocalhost', ''])('%s is not', (host) => {
    expect(isLoopback(host)).toBe(false);
  });

  it.each([
    ['cache.lan', 'cache.lan'],
    ['cache.lan:11000', 'cache.lan'],
    ['192.0.2.1:80', '192.0.2.1'],
    ['[2001:db8::1]:80', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', undefined],
    ['[evil]', undefined],
    ['a/b', undefined],
    ['a@b', undefined],
    ['a:80:80', undefined],
    ['a:x', undefined],
    ['a\r\nb', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('the host of %s is %s', (header, host) => {
    expect(hostOf(header)).toBe(host);
  });

  it('are put into URLs as RFC 3986 wants them', () => {
    expect(baseUrl(false, '192.0.2.1', 80)).toBe('http://192.0.2.1:80');
    expect(baseUrl(true, '2001:db8::1', 443)).toBe('https://[2001:db8::1]:443');
  });
});
