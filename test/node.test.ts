import { expect, it } from 'vitest';

it('the tests run on Node 24, whatever Node started npm', () => {
  expect(process.versions.node.split('.')[0]).toBe('24');
});
