import { describe, expect, it } from 'vitest';
import { urlFor } from '../../../src/engine/manager/peer-url.ts';
import { peerNode } from './fixtures.ts';

const LOCAL = { clientAddress: '127.0.0.1', hostHeader: 'localhost:11000', secure: false };
const AWAY = { clientAddress: '192.0.2.50', hostHeader: 'cache.lan:11000', secure: false };
const node = (overrides = {}) => peerNode('p', { host: '192.0.2.9', url: 'http://192.0.2.9:8001', ...overrides });
const onLoopback = { host: '127.0.0.1', url: 'http://127.0.0.1:8001', loopback: true };

describe('the URL of a peer', () => {
  it('is the address of its session, for everybody', () => {
    expect(urlFor(node(), AWAY)).toBe('http://192.0.2.9:8001');
    expect(urlFor(node(), LOCAL)).toBe('http://192.0.2.9:8001');
  });

  it('is loopback only for clients on loopback', () => {
    expect(urlFor(node(onLoopback), LOCAL)).toBe('http://127.0.0.1:8001');
    expect(urlFor(node(onLoopback), { ...LOCAL, clientAddress: '::1' })).toBe('http://127.0.0.1:8001');
  });

  it("has the client's own name of the manager for others, if the peer listens beyond loopback", () => {
    expect(urlFor(node(onLoopback), AWAY)).toBe('http://cache.lan:8001');
    expect(urlFor(node(onLoopback), { ...AWAY, hostHeader: '[2001:db8::1]:11000' })).toBe('http://[2001:db8::1]:8001');
    expect(urlFor(node({ ...onLoopback, listensWide: false }), AWAY)).toBeUndefined();
  });

  it.each(['localhost', '127.0.0.1:11000', '[::1]', '', 'a/../b', 'evil.example\r\nX: y'])(
    'is not made from the Host %j of a client elsewhere',
    (hostHeader) => {
      expect(urlFor(node(onLoopback), { ...AWAY, hostHeader })).toBeUndefined();
    },
  );

  it('is never plain for a client that came by TLS', () => {
    expect(urlFor(node(), { ...AWAY, secure: true })).toBeUndefined();
    expect(urlFor(node({ tls: true, url: 'https://192.0.2.9:8001' }), { ...AWAY, secure: true })).toBe(
      'https://192.0.2.9:8001',
    );
    expect(urlFor(node({ ...onLoopback, tls: true }), { ...AWAY, secure: true })).toBe('https://cache.lan:8001');
  });
});
