import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILT_PAGE, buildApp } from '../support/build-app.ts';

beforeAll(() => buildApp());

function files(): { readonly name: string; readonly text: string }[] {
  return readdirSync(BUILT_PAGE, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.\w+$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(BUILT_PAGE, name), 'utf8') }));
}

describe('the built page', () => {
  it('stays under 200 kB, compressed', () => {
    const total = files().reduce((sum, { text }) => sum + gzipSync(text).length, 0);
    expect(total).toBeGreaterThan(20_000);
    expect(total).toBeLessThan(200_000);
  });

  it('has nothing inline and nothing remote', () => {
    const page = files().find(({ name }) => name === 'index.html')?.text ?? '';
    expect(page).toContain('<script type="module"');
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
    for (const { name, text } of files()) {
      const addresses = [...text.matchAll(/\b(?:https?|wss?):\/\/[\w.-]+/g)].map(([address]) => address);
      // Names of namespaces are no addresses.
      expect(
        addresses.filter((address) => address !== 'http://www.w3.org'),
        name,
      ).toEqual([]);
    }
  });

  it('leaves the engine’s schemas to the main process', () => {
    expect(files().some(({ text }) => text.includes('typebox'))).toBe(false);
  });
});
