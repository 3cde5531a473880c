import { describe, expect, it } from 'vitest';
import type { InternalHandler } from '../../../src/engine/serve/collaborators.ts';
import { Router } from '../../../src/engine/serve/route.ts';

const health: InternalHandler = () => undefined;
const heads: InternalHandler = () => undefined;

function router(...names: string[]) {
  const groups = new Set(names);
  const own = { exact: new Map([['/_potluck/health', health]]), prefixes: [['/_potluck/heads/', heads]] as const };
  return { groups, router: new Router({ groups, own }) };
}

describe('routes', () => {
  it('lead to the default group, to named groups that exist, and nowhere else', () => {
    const { router: it } = router('docs', 'default');
    const table = [
      ['/', 'default', '/'],
      ['/a/b?c', 'default', '/a/b?c'],
      ['/cache/docs/a?b', 'docs', '/a?b'],
      ['/cache/docs/', 'docs', '/'],
      ['/x/../cache/docs/a', 'docs', '/a'],
      ['/cache/d%6Fcs/a', 'docs', '/a'],
      ['/cache/docs', 'default', '/cache/docs'],
      ['/cache/docs?/a', 'default', '/cache/docs?/a'],
      ['/cache/none/a', 'default', '/cache/none/a'],
      ['/cache/default/a', 'default', '/cache/default/a'],
      ['/cache//a', 'default', '/cache//a'],
      ['http://office/cache/docs/_potluck/health', 'docs', '/_potluck/health'],
    ] as const;
    for (const [raw, group, target] of table) expect(it.route(raw)).toMatchObject({ kind: 'content', group, target });
  });

  it('lead to own paths by name or by prefix, and to 404 for all others below', () => {
    const { router: it } = router();
    expect(it.route('/_potluck/health?x')).toEqual({ kind: 'own', path: '/_potluck/health', handler: health });
    expect(it.route('/%5fpotluck/heads/a/b')).toEqual({ kind: 'own', path: '/_potluck/heads/a/b', handler: heads });
    for (const raw of ['/_potluck/', '/_potluck/healthy', '/_potluck/heads']) {
      expect(() => it.route(raw)).toThrowError(expect.objectContaining({ code: 'POTLUCK_NOT_FOUND' }));
    }
    expect(it.route('/_potluck')).toMatchObject({ kind: 'content', target: '/_potluck' });
  });

  it('are remembered, but not beyond the life of a group', () => {
    const { router: it, groups } = router();
    const before = it.route('/cache/new/a');
    expect(before).toMatchObject({ group: 'default', target: '/cache/new/a' });
    expect(it.route('/cache/new/a')).toBe(before);
    groups.add('new');
    expect(it.route('/cache/new/a')).toMatchObject({ group: 'new', target: '/a' });
    groups.delete('new');
    expect(it.route('/cache/new/a')).toEqual(before);
  });

  it('stay right and bounded however many are asked for', () => {
    const { router: it } = router();
    const hot = it.route('/hot');
    for (let i = 0; i < 10_000; i++) {
      expect(it.route(`/file/${i}`)).toMatchObject({ target: `/file/${i}` });
      if (i % 1000 === 0) expect(it.route('/hot')).toBe(hot); // used often enough, it outlives the generations
    }
    expect(it.route('/file/1')).toMatchObject({ target: '/file/1' });
  });

  it('of bad targets are refused each time', () => {
    const { router: it } = router();
    for (let i = 0; i < 2; i++) {
      expect(() => it.route('/%zz')).toThrowError(expect.objectContaining({ code: 'POTLUCK_BAD_TARGET' }));
    }
  });
});
