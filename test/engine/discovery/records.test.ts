import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanName, goodbyesIn, serviceOf, sightingsIn } from '../../../src/engine/discovery/records.ts';

const FINGERPRINT = 'ab12cd34'.repeat(8);
const ANNOUNCED = { name: 'Office', fingerprint: FINGERPRINT, port: 11_000, tls: false, tokenRequired: true };
const INSTANCE = 'Office (ab12cd34)._potluck._tcp.local';
const SRV = { name: INSTANCE, type: 'SRV', ttl: 120, data: { port: 11_000, target: 'h.local' } };
const A = (data: string) => ({ name: 'H.local', type: 'A', ttl: 120, data });

describe('an announcement', () => {
  it('has names of its own, by the fingerprint', () => {
    const service = serviceOf(ANNOUNCED);
    expect(service.name).toBe('Office (ab12cd34)');
    expect(service.host).toBe('potluck-ab12cd34ab12cd34.local');
    expect(service.txt).toEqual({ v: 1, fp: FINGERPRINT, name: 'Office', port: 11_000, tls: 0, token: 1 });
  });

  it('fits into a DNS label whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        const service = serviceOf({ ...ANNOUNCED, name });
        expect(Buffer.byteLength(service.name)).toBeLessThanOrEqual(63);
        expect(service.name).toMatch(/^[^.\p{Cc}]* \(ab12cd34\)$/u);
        expect(Buffer.byteLength(`name=${(service.txt as { name: string }).name}`)).toBeLessThan(255);
      }),
    );
    expect(serviceOf({ ...ANNOUNCED, name: ' \n' }).name).toBe('potluck (ab12cd34)');
  });
});

describe('a name that somebody sent', () => {
  it.each([
    ['Office', 'Office'],
    ['  Büro 3\n', 'Büro 3'],
    ['市场部', '市场部'],
    ['one\u0000two\u2028three\u2029four', 'one two three four'],
    ['\u202eeciffO\u202c', 'eciffO'],
    ['Of\u200bfi\ufeffce', 'Office'],
    [`Z${'\u0335'.repeat(500)}`, `Z${'\u0335'.repeat(4)}`],
    ['\ud800', 'potluck'],
    ['\u200b \t', 'potluck'],
  ])('is shown without what would deceive: %j', (name, shown) => {
    expect(cleanName(name)).toBe(shown);
  });

  it('is short, and whole to its last character', () => {
    const name = cleanName('😀'.repeat(1000));
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(120);
    expect(name).toMatch(/^(?:😀)+$/u);
  });
});

describe('a response', () => {
  it('tells where to knock: at the sender first, then at its A records', () => {
    const response = {
      answers: [SRV],
      additionals: [A('10.0.0.2'), A('10.0.0.3'), { ...A('10.0.0.9'), name: 'other.local' }],
    };
    expect(sightingsIn(response, '10.0.0.3')).toEqual([
      {
        instance: INSTANCE.toLowerCase(),
        sender: '10.0.0.3',
        port: 11_000,
        tls: false,
        addresses: ['10.0.0.3', '10.0.0.2'],
      },
    ]);
    const txt = { name: INSTANCE, type: 'TXT', ttl: 4500, data: [Buffer.from('v=1'), Buffer.from('tls=1')] };
    expect(sightingsIn({ answers: [SRV, txt] }, '10.0.0.3')[0]?.tls).toBe(true);
  });

  it('of other services, without a usable port, or flooding with addresses is cut to what makes sense', () => {
    const odd = [
      { ...SRV, name: 'x._http._tcp.local' },
      { ...SRV, ttl: 0 },
      { ...SRV, data: { port: 0, target: 'h' } },
      { ...SRV, data: { port: 70_000, target: 'h' } },
      { ...SRV, data: {} },
      { ...SRV, data: null },
    ];
    for (const record of odd) expect(sightingsIn({ answers: [record] }, '10.0.0.3')).toEqual([]);
    expect(sightingsIn({}, '10.0.0.3')).toEqual([]);
    const many = Array.from({ length: 100 }, (_, i) => A(`10.0.1.${i}`));
    expect(sightingsIn({ answers: [SRV, ...many, A('no address')] }, '10.0.0.3')[0]?.addresses).toHaveLength(8);
    const managers = Array.from({ length: 5000 }, (_, i) => ({ ...SRV, name: `${i}.${INSTANCE}` }));
    expect(sightingsIn({ answers: managers }, '10.0.0.3')).toHaveLength(256);
  });

  it('says goodbye with a lifetime of 0', () => {
    const pointer = { name: '_POTLUCK._tcp.local', type: 'PTR', ttl: 0, data: INSTANCE };
    expect(goodbyesIn({ answers: [pointer, { ...SRV, ttl: 0 }] })).toEqual([INSTANCE.toLowerCase()]);
    expect(
      goodbyesIn({
        answers: [
          { ...pointer, ttl: 1 },
          { ...pointer, name: '_http._tcp.local' },
        ],
      }),
    ).toEqual([]);
  });
});
