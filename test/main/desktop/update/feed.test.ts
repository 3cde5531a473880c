import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicHalf } from '../../../../scripts/feed-signing.ts';
import { openFeed, readReleaseKey } from '../../../../src/main/desktop/update/feed.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const key = readReleaseKey(publicHalf(privateKey));
const FILE = { name: 'potluck-1.2.0-win-x64.exe', size: 10, sha256: 'a'.repeat(64) };
const FEED = { format: 1, version: '1.2.0', notes: '', files: [FILE] };

const bytesOf = (feed: unknown) => Buffer.from(typeof feed === 'string' ? feed : JSON.stringify(feed));
const signed = (bytes: Buffer, by: KeyObject = privateKey) => sign(null, bytes, by).toString('base64');
const open = (feed: unknown) => openFeed(bytesOf(feed), signed(bytesOf(feed)), key);

describe('a feed', () => {
  it('is believed for its signature, and may say more than is known today', () => {
    expect(open({ ...FEED, later: true }).files[0]?.name).toBe(FILE.name);
    expect(openFeed(bytesOf(FEED), `\n${signed(bytesOf(FEED))}\n`, key).version).toBe('1.2.0');
  });

  it('is refused with another signature, none, or another byte', () => {
    const bytes = bytesOf(FEED);
    const other = generateKeyPairSync('ed25519').privateKey;
    const refusal = 'not carry the signature of the release key';
    expect(() => openFeed(bytes, signed(bytes, other), key)).toThrow(refusal);
    expect(() => openFeed(bytes, '', key)).toThrow(refusal);
    expect(() => openFeed(bytes, 'not base64 at all', key)).toThrow(refusal);
    expect(() => openFeed(Buffer.concat([bytes, Buffer.from(' ')]), signed(bytes), key)).toThrow(refusal);
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', 'null'],
    ['another format', { ...FEED, format: 2 }],
    ['a version that is none', { ...FEED, version: 'latest', files: [] }],
    ['a way out of the folder', { ...FEED, files: [{ ...FILE, name: '../potluck-1.2.0-win-x64.exe' }] }],
    ['a file of another version', { ...FEED, files: [{ ...FILE, name: 'potluck-1.1.0-win-x64.exe' }] }],
    ['a size below one', { ...FEED, files: [{ ...FILE, size: 0 }] }],
    ['a hash that is none', { ...FEED, files: [{ ...FILE, sha256: 'A'.repeat(64) }] }],
  ])('with %s is refused although it is signed', (_, feed) => {
    expect(() => open(feed)).toThrow(expect.objectContaining({ code: 'POTLUCK_UPDATE_REFUSED' }));
  });
});

it('a release key of the wrong length is none', () => expect(() => readReleaseKey('abc')).toThrow('is none'));
