import type { Connection, RunningDownload } from './connection.ts';

/** A download that is being answered, as it is at this moment. */
export interface Download {
  /** The same for one download as long as it runs; unique within the process. */
  readonly id: number;
  readonly client: string;
  /** As the client sent it, without Potluck's own parameters. */
  readonly target: string;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Body bytes that the kernel has taken. */
  readonly sent: number;
  /** Body bytes that the answer will have; undefined where that is not known (yet). */
  readonly length: number | undefined;
}

/** Lists what runs when somebody looks. Nothing is kept while nobody does: connections know what runs on them anyway. */
export class Downloads {
  readonly #open: () => Iterable<Connection>;
  readonly #ids = new WeakMap<object, number>();
  #lastId = 0;

  constructor(collaborators: { open: () => Iterable<Connection> }) {
    this.#open = collaborators.open;
  }

  /** All that are running, the oldest first. */
  list(): Download[] {
    const running: Download[] = [];
    for (const { client, running: all } of this.#open()) {
      for (const { download } of all) if (download !== undefined) running.push(this.#describe(client, download));
    }
    return running.sort((a, b) => a.startedAt - b.startedAt);
  }

  #describe(client: string, { key, target, startedAt, bytes, length }: RunningDownload): Download {
    const id = this.#ids.get(key) ?? ++this.#lastId;
    this.#ids.set(key, id);
    return { id, client, target: withoutOwn(target), startedAt, sent: bytes, length };
  }
}

/** Without `potluck-rev` and `potluck-not`. */
function withoutOwn(target: string): string {
  const mark = target.indexOf('?');
  if (mark === -1) return target;
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((part) => !part.startsWith('potluck-'));
  return kept.length === 0 ? target.slice(0, mark) : `${target.slice(0, mark)}?${kept.join('&')}`;
}
