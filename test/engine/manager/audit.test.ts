import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/engine/base/clock.ts';
import { silentLog } from '../../../src/engine/base/log.ts';
import { PIECE_SIZE, pieceHash } from '../../../src/engine/content/piece.ts';
import type { LiveHead } from '../../../src/engine/load/live-head.ts';
import { Audit, type AuditCollaborators } from '../../../src/engine/manager/audit.ts';
import type { PieceTruth } from '../../../src/engine/manager/audit-read.ts';
import type { PeerNode } from '../../../src/engine/manager/node.ts';
import { Strikes } from '../../../src/engine/manager/strikes.ts';
import { PseudoRandom } from '../../support/pseudo-random.ts';
import { liveHead, peerNode, seededRandom } from './fixtures.ts';

const LENGTH = 2 * PIECE_SIZE + 1_234;
const BODY = new PseudoRandom('audit').slice(0, LENGTH);
const TARGET = liveHead('/big%20file?v=1', { length: LENGTH });
const EVIDENCE = { object: TARGET.head.object, revision: TARGET.head.revision, index: 1 };
const REDIRECT_PATH = `/big%20file?v=1&potluck-rev=${TARGET.head.revision}`;

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A peer's data port that answers as told; what it was asked, and by how many connections. */
async function peerThat(handler: Handler) {
  const asked: { url: string | undefined; headers: string[] }[] = [];
  let connections = 0;
  const server: Server = createServer((request, response) => {
    asked.push({ url: request.url, headers: request.rawHeaders });
    response.on('error', () => undefined);
    handler(request, response);
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  const node = peerNode(`peer${port}`, { host: '127.0.0.1', port });
  return { node, asked, connections: () => connections };
}

/** Begins an answer with a single range of `body`, or all of it; what is to be sent. */
function begin(request: IncomingMessage, response: ServerResponse, body: Buffer, extra = {}): Buffer {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (match === null) {
    response.writeHead(200, { 'Content-Length': body.length, ...extra });
    return body;
  }
  const first = Number(match[1]);
  const last = match[2] === '' ? body.length - 1 : Number(match[2]);
  const part = body.subarray(first, last + 1);
  const range = `bytes ${first}-${last}/${body.length}`;
  response.writeHead(206, { 'Content-Length': part.length, 'Content-Range': range, ...extra });
  return part;
}

function serve(body: Buffer, extra: Record<string, string> = {}): Handler {
  return (request, response) => void response.end(begin(request, response, body, extra));
}

/** One byte flipped in each piece. */
function flipped(): Buffer {
  const body = Buffer.from(BODY);
  for (let at = 777; at < LENGTH; at += PIECE_SIZE) body[at] = (body[at] as number) ^ 1;
  return body;
}

function truthOf(index: number, withBytes: boolean): PieceTruth {
  const bytes = BODY.subarray(index * PIECE_SIZE, (index + 1) * PIECE_SIZE);
  return withBytes ? { sha256: pieceHash(bytes), bytes } : { sha256: pieceHash(bytes) };
}

interface Office {
  readonly nodes?: PeerNode[];
  readonly bytesKnown?: boolean | (() => boolean);
  readonly truth?: AuditCollaborators['truth'];
  readonly readAsMember?: AuditCollaborators['readAsMember'] | undefined;
  readonly lied?: AuditCollaborators['lied'];
  readonly isManager?: (host: string) => boolean;
  /** Milliseconds until an audit gives up. */
  readonly total?: number;
}

function office(options: Office = {}) {
  const lies: { peer: string; index: number; how: string }[] = [];
  const unwell: string[] = [];
  const nodes = new Map((options.nodes ?? []).map((node) => [node.id, node]));
  const bytesKnown = options.bytesKnown ?? true;
  const audit = new Audit(
    {
      clock: systemClock,
      log: silentLog,
      truth:
        options.truth ??
        (async (_live, index) => truthOf(index, typeof bytesKnown === 'boolean' ? bytesKnown : bytesKnown())),
      node: (id) => nodes.get(id),
      head: ({ revision }) => (revision === TARGET.head.revision ? TARGET : undefined),
      lied: options.lied ?? ((node, { index }, how) => lies.push({ peer: node.id, index, how })),
      unwell: (node) => unwell.push(node.id),
      ...(options.readAsMember === undefined ? {} : { readAsMember: options.readAsMember }),
      ...(options.isManager === undefined ? {} : { isManager: options.isManager }),
    },
    {
      firstAfter: [0, 20],
      every: [10, 30],
      tick: 10,
      patience: { connect: 500, total: options.total ?? 5_000 },
      random: seededRandom(11),
    },
  );
  closers.unshift(() => audit.close()); // before the servers
  return { audit, lies, unwell, nodes };
}

const redirect = (audit: Audit, node: PeerNode, live: LiveHead = TARGET) =>
  audit.redirected(node, live, `http://office-name:${node.port}${REDIRECT_PATH}`);

async function until(test: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1_500; i++) {
    if (test()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain until ${what}`);
}

/** Redirects clients to the peer until it has been audited so often. */
async function auditTimes(audit: Audit, node: PeerNode, times: number): Promise<void> {
  const done = () => Object.values(audit.counts()).reduce((sum, count) => sum + count, 0);
  await audit.start();
  await until(() => {
    redirect(audit, node);
    return done() >= times;
  }, `${times} audits were made`);
}

describe('an honest peer', () => {
  for (const bytesKnown of [true, false]) {
    it(`passes every audit, by its bytes or by their hash (bytes at hand: ${bytesKnown})`, async () => {
      const { node, asked } = await peerThat(serve(BODY, { 'Content-Type': 'application/octet-stream' }));
      const { audit, lies } = office({ nodes: [node], bytesKnown });
      await auditTimes(audit, node, 12);
      expect(lies).toEqual([]);
      expect(audit.counts()).toMatchObject({ lied: 0, refused: 0, failed: 0 });
      expect(asked.some(({ headers }) => headers.includes('Range'))).toBe(true);
      expect(asked.some(({ headers }) => !headers.includes('Range'))).toBe(true);
    });
  }

  it('sees a request like that of a redirected curl: same URL and Host, no ticket, a connection of its own', async () => {
    const { node, asked, connections } = await peerThat(serve(BODY));
    const { audit } = office({ nodes: [node] });
    await auditTimes(audit, node, 4);
    await audit.close();
    expect(connections()).toBe(asked.length);
    for (const { url, headers } of asked) {
      expect(url).toBe(REDIRECT_PATH);
      expect(headers.slice(0, 2)).toEqual(['Host', `office-name:${node.port}`]);
      const names = headers.filter((_, i) => i % 2 === 0 && headers[i] !== 'Range');
      expect(names).toEqual(['Host', 'User-Agent', 'Accept']);
      expect(headers[headers.indexOf('User-Agent') + 1]).toMatch(/^(?:curl|Wget)\/[\d.]+$/);
    }
  });

  it('is left alone while nobody is redirected to it, and audited once for what it was given', async () => {
    const { node, asked } = await peerThat(serve(BODY));
    const { audit } = office({ nodes: [node] });
    await audit.start();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(asked).toEqual([]);
    redirect(audit, node);
    await until(() => audit.counts().honest === 1, 'it was audited');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(asked).toHaveLength(1);
  });

  it('is not accused of what nobody knows, nor of what was purged', async () => {
    const { node, asked } = await peerThat(serve(flipped()));
    const { audit, lies } = office({ nodes: [node], truth: async () => undefined });
    const purged = liveHead('/purged', { length: LENGTH });
    purged.retired = true;
    await audit.start();
    for (let i = 0; i < 10; i++) {
      redirect(audit, node, i % 2 === 0 ? TARGET : purged);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    expect(asked).toEqual([]);
    expect(lies).toEqual([]);
  });
});

describe('a peer that lies to plain clients', () => {
  for (const bytesKnown of [true, false]) {
    it(`with one byte in each piece is found by its first audit (bytes at hand: ${bytesKnown})`, async () => {
      const { node, asked } = await peerThat(serve(flipped()));
      const { audit, lies } = office({ nodes: [node], bytesKnown });
      redirect(audit, node);
      await audit.start();
      await until(() => lies.length > 0, 'the lie was found');
      expect(lies[0]).toMatchObject({ peer: node.id, how: 'an audit as a plain client found wrong bytes' });
      expect(asked).toHaveLength(1);
    });
  }

  const lying: [string, Handler, RegExp][] = [
    ['about the length', serve(BODY.subarray(0, LENGTH - 1)), /false length/],
    ['about the type', serve(BODY, { 'Content-Type': 'text/html' }), /false type/],
    ['about the encoding', serve(BODY, { 'Content-Encoding': 'gzip' }), /false encoding/],
    [
      'by calling a part of it complete',
      (_request, response) => {
        response.writeHead(200, { 'Transfer-Encoding': 'chunked' }).end(BODY.subarray(0, 5_000));
      },
      /too short/,
    ],
    [
      'by sending clients somewhere else',
      (_request, response) => {
        response.writeHead(302, { Location: 'http://evil.example/file' }).end();
      },
      /sends clients to evil\.example/,
    ],
  ];
  for (const [what, handler, how] of lying) {
    it(`${what} is found`, async () => {
      const { node } = await peerThat(handler);
      const { audit, lies } = office({ nodes: [node], isManager: (host) => host === 'manager:11000' });
      await auditTimes(audit, node, 4);
      expect(lies.length).toBeGreaterThan(0);
      expect(lies[0]?.how).toMatch(how);
    });
  }
});

describe('what is no lie', () => {
  const innocent: [string, Handler, 'refused' | 'failed'][] = [
    ['being busy', (_request, response) => void response.writeHead(503).end('{}'), 'refused'],
    ['no longer having it', (_request, response) => void response.writeHead(410).end(), 'refused'],
    [
      'sending the client back',
      (request, response) => void response.writeHead(302, { Location: `http://manager:11000${request.url}` }).end(),
      'refused',
    ],
    ['not answering', () => undefined, 'failed'],
    [
      'stalling after the fields',
      (request, response) => {
        begin(request, response, BODY);
        response.flushHeaders();
      },
      'failed',
    ],
    [
      'breaking off',
      (request, response) => {
        begin(request, response, BODY);
        response.flushHeaders();
        setTimeout(() => response.destroy(), 20);
      },
      'failed',
    ],
    [
      'answering with another part',
      (_request, response) => {
        const fields = { 'Content-Length': 1, 'Content-Range': `bytes 0-0/${LENGTH}` };
        response.writeHead(206, fields).end(BODY.subarray(0, 1));
      },
      'failed',
    ],
  ];
  for (const [what, handler, kind] of innocent) {
    it(what, async () => {
      const { node } = await peerThat(handler);
      const isManager = (host: string) => host === 'manager:11000';
      const { audit, lies, unwell } = office({ nodes: [node], isManager, total: 400 });
      await auditTimes(audit, node, 2);
      expect(lies).toEqual([]);
      expect(audit.counts()[kind]).toBeGreaterThanOrEqual(2);
      expect(unwell.length > 0).toBe(kind === 'failed');
    });
  }

  it('being gone', async () => {
    const { node } = await peerThat(serve(BODY));
    await closers.shift()?.();
    const { audit, lies, unwell } = office({ nodes: [node] });
    await auditTimes(audit, node, 2);
    expect(lies).toEqual([]);
    expect(unwell).toContain(node.id);
  });
});

describe('the audit itself', () => {
  it('never asks a peer twice at the same time, and ends at once when it is closed', async () => {
    let open = 0;
    let most = 0;
    const { node } = await peerThat((_request, response) => {
      most = Math.max(most, ++open);
      response.on('close', () => open--);
    });
    const { audit } = office({ nodes: [node], total: 400 });
    await auditTimes(audit, node, 2);
    await until(() => {
      redirect(audit, node);
      return open === 1;
    }, 'another audit runs');
    await audit.close();
    expect(most).toBe(1);
    await until(() => open === 0, 'its connection is gone');
  });

  it('forgets a peer that has left', async () => {
    const { node, asked } = await peerThat(serve(BODY));
    const { audit, nodes } = office({ nodes: [node] });
    nodes.clear();
    redirect(audit, node);
    await audit.start();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(asked).toEqual([]);
  });
});

describe('the examination of an accused peer', () => {
  const asMember = (body: Buffer) => async () => body.subarray(PIECE_SIZE, 2 * PIECE_SIZE);

  it('finds a lie told to plain clients, or to members only', async () => {
    const toClients = await peerThat(serve(flipped()));
    const toMembers = await peerThat(serve(BODY));
    const one = office({ nodes: [toClients.node], readAsMember: asMember(BODY) });
    expect(await one.audit.examine(toClients.node.id, EVIDENCE)).toBe('lied');
    const two = office({ nodes: [toMembers.node], readAsMember: asMember(flipped()) });
    expect(await two.audit.examine(toMembers.node.id, EVIDENCE)).toBe('lied');
    expect(two.lies).toEqual([]); // it tells the one who asked, nobody else
  });

  it('clears an honest one, whether or not it can be asked as a member', async () => {
    const { node, asked } = await peerThat(serve(BODY));
    expect(await office({ nodes: [node] }).audit.examine(node.id, EVIDENCE)).toBe('honest');
    const both = office({ nodes: [node], readAsMember: asMember(BODY) });
    expect(await both.audit.examine(node.id, EVIDENCE)).toBe('honest');
    const failing = office({
      nodes: [node],
      readAsMember: async () => {
        throw new Error('refused');
      },
    });
    expect(await failing.audit.examine(node.id, EVIDENCE)).toBe('honest');
    expect(asked.map(({ url }) => url)).toEqual([REDIRECT_PATH, REDIRECT_PATH, REDIRECT_PATH]);
  });

  it('finds nothing where there is nothing to go by', async () => {
    const { node } = await peerThat((_request, response) => void response.writeHead(503).end());
    const { audit } = office({ nodes: [node] });
    expect(await audit.examine(node.id, EVIDENCE)).toBe('unknown');
    expect(await audit.examine('stranger', EVIDENCE)).toBe('unknown');
    expect(await audit.examine(node.id, { ...EVIDENCE, index: 99 })).toBe('unknown');
    expect(await audit.examine(node.id, { ...EVIDENCE, revision: '00'.repeat(16) })).toBe('unknown');
    const broken = office({
      nodes: [node],
      truth: async () => {
        throw new Error('the store is broken');
      },
    });
    expect(await broken.audit.examine(node.id, EVIDENCE)).toBe('unknown');
  });
});

describe('audits and strikes together', () => {
  /** Wired as the manager wires them. */
  function wired(node: PeerNode, readAsMember?: AuditCollaborators['readAsMember']) {
    const aside: [id: string, seconds: number][] = [];
    const warnings: object[] = [];
    const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) };
    const strikes: Strikes = new Strikes({
      clock: systemClock,
      log,
      setAside: (id, milliseconds) => aside.push([id, milliseconds / 1_000]),
      examine: (id, evidence) => audit.examine(id, evidence),
    });
    const { audit } = office({ nodes: [node], readAsMember, lied: (...lie) => strikes.strike(...lie) });
    return { audit, strikes, aside, warnings };
  }

  it('set a peer aside that lies to plain clients only, and name it in the log', async () => {
    const { node } = await peerThat(serve(flipped()));
    const { audit, aside, warnings } = wired(node, async () => BODY.subarray(PIECE_SIZE, 2 * PIECE_SIZE));
    redirect(audit, node);
    await audit.start();
    await until(() => aside.length > 0, 'it is set aside');
    expect(aside).toEqual([[node.id, 30]]);
    const { object, revision } = TARGET.head;
    expect(warnings).toEqual([
      expect.objectContaining({ peer: node.id, name: node.name, object, revision, strikes: 1 }),
    ]);
  });

  it('confirm a true accusation with one look at the piece, and a false one with none of its effect', async () => {
    const accuser = { id: 'accuser', name: 'accuser', host: '10.0.0.7' };
    const liar = await peerThat(serve(BODY));
    const guilty = wired(liar.node, async () => flipped().subarray(PIECE_SIZE, 2 * PIECE_SIZE));
    await guilty.strikes.accuse(accuser, liar.node, EVIDENCE);
    expect(guilty.aside).toEqual([
      [liar.node.id, 10],
      [liar.node.id, 30],
    ]);
    const good = await peerThat(serve(BODY));
    const innocent = wired(good.node, async () => BODY.subarray(PIECE_SIZE, 2 * PIECE_SIZE));
    await innocent.strikes.accuse(accuser, good.node, EVIDENCE);
    expect(innocent.aside).toEqual([[good.node.id, 10]]);
  });
});
