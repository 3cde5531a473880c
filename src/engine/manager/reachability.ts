import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Log } from '../base/log.ts';
import { checkHealthProof, newNonce } from '../protocol/handshake.ts';
import { HEALTH_PATH } from '../protocol/paths.ts';
import type { PeerNode } from './node.ts';
import type { Registry } from './registry.ts';

/** Milliseconds. */
const DIAL_TIMEOUT = 1000;
const RECHECK = 5000;
const FIRST_RETRY = 300;
/** A peer that was reachable is given up after this many checks in a row. */
const FAILURES = 2;
/**
 * Its welcome may still be on the way to a peer when the first check comes: for so long after the join, one that answers under its id without a
 * proof is asked again soon, and nothing is said of it. Milliseconds.
 */
const WELCOMED = 1000;
const WELCOME_RETRY = 100;
/** Longest answer that is read, bytes. */
const MAX_ANSWER = 4096;

/** One peer under watch. */
interface Watch {
  readonly node: PeerNode;
  readonly healthKey: string;
  readonly tell: (reason: string | undefined) => void;
  /** Monotonic milliseconds. */
  readonly since: number;
  failures: number;
  timer: NodeJS.Timeout | undefined;
  abort: AbortController | undefined;
}

/**
 * Checks that peers can be reached, at exactly the address that redirects will name, before they are used and again every 5 s. Whoever
 * answers there must prove to be the peer of the session: another program at that address, or another machine, is not taken for it.
 */
export class Reachability {
  readonly #registry: Registry;
  readonly #log: Log;
  readonly #recheck: number;
  readonly #watches = new Map<PeerNode, Watch>();

  constructor(collaborators: { registry: Registry; log: Log }, options: { recheck?: number } = {}) {
    this.#registry = collaborators.registry;
    this.#log = collaborators.log;
    this.#recheck = options.recheck ?? RECHECK;
  }

  /** Begins to watch a peer. `tell` is called with the reason when it becomes unreachable, and with undefined once it can be reached. */
  watch(node: PeerNode, healthKey: string, tell: (reason: string | undefined) => void): void {
    const watch: Watch = {
      node,
      healthKey,
      tell,
      since: performance.now(),
      failures: 0,
      timer: undefined,
      abort: undefined,
    };
    this.#watches.set(node, watch);
    void this.#check(watch);
  }

  /** Its session has ended. */
  forget(node: PeerNode): void {
    const watch = this.#watches.get(node);
    this.#watches.delete(node);
    clearTimeout(watch?.timer);
    watch?.abort?.abort();
  }

  /** Ends all watches. */
  close(): void {
    for (const node of [...this.#watches.keys()]) this.forget(node);
  }

  async #check(watch: Watch): Promise<void> {
    watch.abort = new AbortController();
    const found = await probe(watch.node, watch.healthKey, watch.abort.signal);
    if (this.#watches.get(watch.node) !== watch) return; // it left meanwhile
    const early = found === UNPROVEN && performance.now() - watch.since < WELCOMED;
    if (found === undefined) this.#succeeded(watch);
    else if (!early) this.#failed(watch, found === UNPROVEN ? `another program answers at ${watch.node.url}` : found);
    watch.timer = setTimeout(() => void this.#check(watch), early ? WELCOME_RETRY : this.#pause(watch)).unref();
  }

  #succeeded(watch: Watch): void {
    watch.failures = 0;
    if (watch.node.reachable === 'yes') return;
    this.#registry.setReachable(watch.node);
    watch.tell(undefined);
  }

  #failed(watch: Watch, reason: string): void {
    watch.failures++;
    const { node } = watch;
    if (node.reachable === 'yes' && watch.failures < FAILURES) return;
    if (node.reachable !== 'no') {
      this.#log.warn({ peer: node.id, name: node.name, url: node.url, reason }, 'a peer cannot be reached');
      watch.tell(reason);
    }
    this.#registry.setUnreachable(node, reason);
  }

  /** Milliseconds to the next check, spread so that peers that joined together are not checked together for ever. */
  #pause(watch: Watch): number {
    const base =
      watch.failures === 0 ? this.#recheck : Math.min(this.#recheck, FIRST_RETRY * 2 ** (watch.failures - 1));
    return base * (0.75 + Math.random() / 2);
  }
}

/** The answer names the peer, but proves nothing. */
const UNPROVEN = Symbol('unproven');
type Found = string | typeof UNPROVEN | undefined;

/** Undefined where the peer answers as it should; else why not, in words for the person at that peer. Never rejects. */
async function probe(node: PeerNode, healthKey: string, signal: AbortSignal): Promise<Found> {
  const nonce = newNonce();
  try {
    const text = await ask(node, `${HEALTH_PATH}?nonce=${nonce}`, signal);
    return judge(node, healthKey, nonce, text);
  } catch (error) {
    return explain(node, error as NodeJS.ErrnoException);
  }
}

function ask(node: PeerNode, path: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const all = AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT)]);
    const request = node.tls ? requestHttps : requestHttp;
    // The proof, not the certificate, says who answers: desktops have self-made ones.
    const outgoing = request(node.url + path, { agent: false, signal: all, rejectUnauthorized: false }, (response) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_ANSWER) response.destroy(new Error('its answer is too long'));
      });
      response.once('end', () => resolve(text));
      response.once('error', reject);
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

function judge(node: PeerNode, healthKey: string, nonce: string, text: string): Found {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return `something answers at ${node.url} that is not Potluck`;
  }
  const { id, proof } = (typeof answer === 'object' && answer !== null ? answer : {}) as {
    id?: unknown;
    proof?: unknown;
  };
  if (id === node.id && proof === undefined) return UNPROVEN;
  if (id === node.id && typeof proof === 'string' && checkHealthProof(healthKey, node.id, nonce, proof))
    return undefined;
  return `another program answers at ${node.url}`;
}

function explain(node: PeerNode, error: NodeJS.ErrnoException): string {
  const { code, name } = error;
  if (code === 'ECONNREFUSED')
    return `the manager cannot reach ${node.url}: nothing listens there (connection refused)`;
  if (code === 'ETIMEDOUT' || name === 'TimeoutError' || name === 'AbortError')
    return (
      `the manager cannot reach ${node.url}: no answer within ${DIAL_TIMEOUT / 1000} s; most often a firewall on the peer's machine ` +
      `drops connections to TCP port ${node.port}`
    );
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return `the manager cannot reach ${node.url}: there is no route to it (${code}); a firewall may reject TCP port ${node.port}`;
  return `the manager cannot reach ${node.url}: ${error.message}${code === undefined ? '' : ` (${code})`}`;
}
