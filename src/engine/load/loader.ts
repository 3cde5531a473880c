import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { pieceId } from '../content/piece.ts';
import type { Throttle } from '../rate/throttle.ts';
import type { Entry, Store } from '../store/store.ts';
import type { Cluster, PieceName, PieceWish, ShieldAccess } from './cluster.ts';
import { FlightTable } from './flight.ts';
import { Given } from './given.ts';
import { type Job, jobOf } from './job.ts';
import type { LiveHead } from './live-head.ts';
import type { MemberClient } from './members.ts';
import { type LoaderStats, PieceSources } from './piece-sources.ts';
import { Turns } from './turns.ts';

export const ENTRY_SHARING = {
  share: (entry: Entry) => entry.retain(),
  dispose: (entry: Entry) => entry.release(),
};

/** Pieces that one reader has on their way at most. */
const WINDOW = 8;
/**
 * Under a cap, clients' pieces on their way at once: so many, and one more for each so many bytes a second. More would share the cap out until
 * all of them come late, and each new connection brings what fits into the kernel's buffers before the throttle is asked.
 */
const CAPPED_FETCHES = 3;
const CAPPED_FETCH_RATE = 8 * 1024 * 1024;

/** The download cap of the node, as far as fetching goes by it. */
export type DownloadCap = Pick<Throttle, 'rate' | 'waiting'>;

/**
 * Fetches the pieces that a node does not have: a peer's, with the owner, the holders and the remote shield as sources; the manager's own,
 * with its local shield.
 *
 * Two flight tables, and the difference is what keeps peers from waiting in a circle (design, promise 4). A *client's* flight may ask
 * the owner and those who are said to hold the piece. A *member's* flight has one source, the shield; whoever enters it waits
 * for nobody but the manager. A client's flight for a piece that this peer owns enters the member's flight and copies the result into memory of
 * the clients' share, so that no client ever holds what is kept for members.
 */
export class Loader {
  readonly stats: LoaderStats = {
    fromOwner: 0,
    fromHolder: 0,
    fromShield: 0,
    hedged: 0,
    bad: 0,
    memberBytes: 0,
    shieldBytes: 0,
  };
  readonly given: Given;
  readonly #store: Store;
  readonly #shield: ShieldAccess;
  readonly #sources: PieceSources;
  /** Pieces of reading ahead that may be on their way at once. */
  readonly #readAhead: number;
  readonly #download: DownloadCap | undefined;
  readonly #turns: Turns;
  #ahead = 0;
  readonly #clientFlights = new FlightTable<Entry>(ENTRY_SHARING);
  readonly #memberFlights = new FlightTable<Entry>(ENTRY_SHARING);
  /** What is being fetched for clients, by directory and id. */
  readonly #jobs = new Map<string, Job>();

  constructor(
    collaborators: {
      store: Store;
      cluster: Cluster;
      members: MemberClient;
      shield: ShieldAccess;
      download?: DownloadCap;
      clock: Clock;
      log: Log;
    },
    options: { readAhead: number; proxied?: boolean },
  ) {
    const { store, cluster, members, shield, download, clock, log } = collaborators;
    this.#store = store;
    this.#shield = shield;
    this.#readAhead = options.readAhead;
    this.#download = download;
    this.#turns = new Turns(() => fetchesAtOnce(download?.rate));
    this.given = new Given({ clock });
    const throughShield = this.#throughShield.bind(this);
    const ownFault = () => (download?.waiting ?? 0) > 0;
    this.#sources = new PieceSources(
      { store, cluster, members, clock, log, stats: this.stats, throughShield, ownFault },
      { proxied: options.proxied === true },
    );
  }

  /** For a client of this peer. At once where it is in memory. */
  pieceForClient(live: LiveHead, index: number, signal: AbortSignal): Entry | Promise<Entry> {
    const dir = live.dir;
    const id = pieceId(live.head.revision, index);
    const stored = this.#store.read(dir, id, 'client', signal);
    if (stored !== undefined && !(stored instanceof Promise)) return stored;
    return this.#waitForClient(stored, jobOf(live, index), signal);
  }

  async #waitForClient(stored: Promise<Entry | undefined> | undefined, job: Job, signal: AbortSignal): Promise<Entry> {
    const entry = stored === undefined ? undefined : await stored;
    if (entry !== undefined) return entry;
    const key = job.name.dir + job.name.id;
    const running = this.#jobs.get(key);
    if (running !== undefined && running.ahead > 0) {
      running.ahead = 0; // the reader has come to what was read ahead
      running.hurry();
    }
    return this.#clientFlights.join(key, (flight) => this.#loadForClient(job, flight), signal);
  }

  /** For another member: from the store or the shield; never from a peer. Rejects with ElsewhereError where the shield names holders. */
  async pieceForMember(live: LiveHead, index: number, wish: PieceWish, signal: AbortSignal): Promise<Entry> {
    const job = jobOf(live, index, wish.ahead);
    const stored = await this.#store.read(job.name.dir, job.name.id, 'member', signal);
    return stored ?? this.#throughShield(job, wish.exhausted, signal);
  }

  /**
   * For another member that was told that this one has it: what is stored, or what the shield is sending here in this moment. The shield counts
   * a piece as held from when it gave it away, so it may be named before it has arrived. Nothing is fetched for it.
   */
  async storedForMember(live: LiveHead, index: number, signal: AbortSignal): Promise<Entry | undefined> {
    const { name } = jobOf(live, index);
    const stored = await this.#store.read(name.dir, name.id, 'member', signal);
    if (stored !== undefined) return stored;
    const arriving =
      this.#memberFlights.joinRunning(memberKey(name, false), signal) ??
      this.#memberFlights.joinRunning(memberKey(name, true), signal);
    return arriving?.catch((error: unknown) => {
      if (signal.aborted) throw error;
      return undefined; // then it is not here either
    });
  }

  /**
   * Sets the pieces from `index` to `last` in motion for a sequential reader: the hops hide behind the bytes that it is reading. Bounded
   * for one reader and in all; nothing is set in motion while others wait for memory, or for their turn under a cap.
   */
  readAhead(live: LiveHead, index: number, last: number, signal: AbortSignal): void {
    const end = Math.min(index + WINDOW, last + 1);
    const atOnce = fetchesAtOnce(this.#download?.rate);
    for (let i = index; i < end; i++) {
      if (this.#ahead >= this.#readAhead || this.#clientFlights.size >= atOnce) return;
      if (this.#store.pressed || signal.aborted) return;
      const name = { dir: live.dir, id: pieceId(live.head.revision, i) };
      if (this.#clientFlights.has(name.dir + name.id) || this.#store.has(name.dir, name.id)) continue;
      this.#ahead++;
      this.#clientFlights
        .join(name.dir + name.id, (flight) => this.#loadForClient(jobOf(live, i, i - index + 1), flight), signal)
        .then((entry) => entry.release())
        .catch(() => undefined) // the reader itself will meet the error, if it comes that far
        .finally(() => {
          this.#ahead--;
        });
    }
  }

  async #loadForClient(job: Job, signal: AbortSignal): Promise<Entry> {
    // Looked up once more: it may have been stored while this client waited for room.
    const stored = await this.#store.read(job.name.dir, job.name.id, 'client', signal);
    if (stored !== undefined) return stored;
    await this.#turns.enter(signal);
    const key = job.name.dir + job.name.id;
    this.#jobs.set(key, job);
    try {
      return await this.#sources.fetch(job, signal);
    } finally {
      this.#turns.leave();
      if (this.#jobs.get(key) === job) this.#jobs.delete(key);
    }
  }

  #throughShield(job: Job, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    return this.#memberFlights.join(
      memberKey(job.name, exhausted),
      (flight) => this.#shieldFlight(job, exhausted, flight),
      signal,
    );
  }

  async #shieldFlight(job: Job, exhausted: boolean, signal: AbortSignal): Promise<Entry> {
    const stored = await this.#store.read(job.name.dir, job.name.id, 'member', signal);
    if (stored !== undefined) return stored;
    const entry = await this.#shield.piece(job.live, job.index, { exhausted, ahead: job.ahead }, signal);
    this.stats.fromShield++;
    this.stats.shieldBytes += entry.bytes.length;
    return entry;
  }
}

function fetchesAtOnce(rate: number | undefined): number {
  return rate === undefined ? Number.POSITIVE_INFINITY : CAPPED_FETCHES + Math.floor(rate / CAPPED_FETCH_RATE);
}

/** Flights that make the shield fetch whoever holds it are apart from those that are sent to the holders. */
function memberKey({ dir, id }: PieceName, exhausted: boolean): string {
  return (exhausted ? 'x' : '-') + dir + id;
}
