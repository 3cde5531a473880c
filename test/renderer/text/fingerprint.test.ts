import { describe, expect, it } from 'vitest';
import { addressOf, differing, fileName, groups, shortFingerprint } from '../../../src/renderer/text/fingerprint.ts';

describe('fingerprints', () => {
  it('are read in groups of four', () => {
    const whole = '0123456789abcdef'.repeat(4);
    expect(groups(whole).join('')).toBe(whole);
    expect(shortFingerprint(whole)).toBe('0123 4567 89ab cdef');
  });

  it('show where they differ', () => {
    expect(differing('aaaabbbbcccc', 'aaaabbxbcccc')).toEqual([false, true, false]);
    expect(differing('aaaabbbb', 'aaaa')).toEqual([false, true]);
  });
});

describe('addresses and names', () => {
  it('are cut to what a person looks for', () => {
    expect(addressOf('http://192.168.1.5:11000/')).toBe('192.168.1.5:11000');
    expect(addressOf('nonsense')).toBe('nonsense');
    expect(fileName('/a/b/file.iso?x=/y')).toBe('file.iso');
    expect(fileName('/models/%E6%99%AE.bin')).toBe('普.bin');
    expect(fileName('/bad/%zz')).toBe('%zz');
    expect(fileName('/folder/')).toBe('folder');
    expect(fileName('/')).toBe('/');
  });
});
