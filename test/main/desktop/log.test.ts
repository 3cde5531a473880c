import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDesktopLog, RotatingFile } from '../../../src/main/desktop/log.ts';
import { tempFolder } from '../../support/program.ts';

describe('the log', () => {
  it('is JSON lines that only owner and group can read', () => {
    using folder = tempFolder();
    const { log, file } = openDesktopLog(join(folder.path, 'logs'));
    log.info({ port: 8001 }, 'ready');
    log.error({ err: new Error('no') }, 'failed');
    log.debug({}, 'not kept');
    const lines = readFileSync(file.path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { level: 'info', port: 8001, msg: 'ready' },
      { level: 'error', msg: 'failed', err: { message: 'no' } },
    ]);
    expect(statSync(file.path).mode & 0o007).toBe(0);
    file.close();
  });

  it('is moved aside when it is full, and two old ones are kept', () => {
    using folder = tempFolder();
    const file = new RotatingFile(join(folder.path, 'a.log'), { limit: 100 });
    for (let line = 0; line < 40; line++) file.write(`line ${line} ${'x'.repeat(20)}\n`);
    expect(readdirSync(folder.path).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
    expect(readFileSync(file.path, 'utf8').length).toBeLessThan(200);
    expect(file.tail(2).at(-1)).toMatch(/^line 39 /);
    file.close();
    const again = new RotatingFile(file.path, { limit: 100 });
    expect(again.tail(1)).toHaveLength(1);
    again.close();
  });

  it('is bounded also where nothing can be moved aside', () => {
    using folder = tempFolder();
    for (const name of ['a.log.1', 'a.log.2']) mkdirSync(join(folder.path, name, 'full'), { recursive: true });
    const file = new RotatingFile(join(folder.path, 'a.log'), { limit: 100 });
    for (let line = 0; line < 40; line++) file.write(`line ${line} ${'x'.repeat(20)}\n`);
    expect(readFileSync(file.path, 'utf8').length).toBeLessThan(200);
    expect(file.tail(1)).toEqual([`line 39 ${'x'.repeat(20)}`]);
    file.close();
  });

  it('is begun anew where somebody has thrown its folder away', () => {
    using folder = tempFolder();
    const { log, file } = openDesktopLog(join(folder.path, 'logs'));
    rmSync(join(folder.path, 'logs'), { recursive: true });
    log.info({}, 'into nothing');
    file.close();
    log.info({}, 'again');
    expect(file.tail(1)[0]).toContain('again');
    file.close();
  });

  it('shows its last lines whole', () => {
    using folder = tempFolder();
    const file = new RotatingFile(join(folder.path, 'a.log'));
    for (let line = 0; line < 3000; line++) file.write(`${line} ${'ü'.repeat(40)}\n`);
    const tail = file.tail(5000);
    expect(tail.at(-1)).toBe(`2999 ${'ü'.repeat(40)}`);
    for (const line of tail) expect(line).toMatch(/^\d+ ü{40}$/);
    file.close();
  });

  it('never throws: what cannot be written is lost', () => {
    const file = new RotatingFile('/proc/nowhere/a.log');
    file.write('x\n');
    expect(file.tail(3)).toEqual([]);
    file.close();
    expect(existsSync('/proc/nowhere')).toBe(false);
  });
});
