import { describe, expect, it, vi } from 'vitest';
import { startOrigin } from '../support/origin.ts';
import { TestCluster } from './cluster.ts';
import { fetchWhole } from './http.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on a machine that may be busy with others

const USERS = ['ann', 'bob'];
const ROUNDS = 5;

/** A page that depends on the cookie, from an application that says nothing about caching. */
const page = (cookie: string | undefined) => `page of ${cookie ?? 'nobody'}\n`;

describe('two users and a page that depends on their cookie, without Cache-Control', () => {
  it.each(['text/html', 'application/octet-stream'])("nobody gets the other one's page (%s)", async (contentType) => {
    await using origin = await startOrigin({
      files: {
        '/account': { body: ({ headers }) => page(headers.cookie), contentType, etag: 'none', lastModified: 'none' },
        '/dated': { body: ({ headers }) => page(headers.cookie), contentType, etag: '"the-same"' },
      },
    });
    await using cluster = await TestCluster.start({ mirror: origin.url, peers: 2 });
    const nodes = [cluster.manager, ...cluster.peers].map(({ data }) => data);
    for (const path of ['/account', '/dated']) {
      for (let round = 0; round < ROUNDS; round++) await Promise.all(nodes.map((node) => visit(node + path)));
    }
  });
});

/** Everybody at once, those without a cookie between them; at a peer and at the manager. */
async function visit(url: string): Promise<void> {
  const asked = [...USERS, undefined].map(async (user) => {
    const cookie = user === undefined ? {} : { Cookie: `user=${user}` };
    const { body, status } = await fetchWhole(url, cookie);
    expect({ status, body: body.toString(), user }).toEqual({ status: 200, body: page(user && `user=${user}`), user });
  });
  await Promise.all(asked);
}
