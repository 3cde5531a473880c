/**
 * A plain model of what docs/store.md says of the ring: no bytes, no files, only which object is there. It is written from the
 * document, not from the source: sizes of records, when a segment is full, what goes when room is needed.
 */

export interface ModelObject {
  readonly version: number;
  readonly length: number;
  readonly tags: readonly number[];
  /** Seconds since 1970; 0: never. */
  readonly expires: number;
  readonly segment: ModelSegment;
  /** Bytes of the file that the body has for itself. */
  readonly own: number;
}

interface ModelSegment {
  tail: number;
  sealed: boolean;
  dropped: boolean;
  /** Objects with files of their own, oldest first. */
  readonly own: Set<ModelObject>;
}

const HEADER_OF_SEGMENT = 64;
/** Bodies that arrive in parts are on the disk twice for a moment, from this size on. */
const STAGED_FROM = 256 * 1024;

export class RingModel {
  readonly #grant: number;
  readonly #capacity: number;
  readonly #objects = new Map<string, ModelObject>();
  #segments: ModelSegment[] = [];
  #used = 0;
  now = 0;
  dropped = 0;

  constructor(grant: number) {
    this.#grant = grant;
    this.#capacity = Math.floor(grant / 8 / 16) * 16;
  }

  get(key: string): ModelObject | undefined {
    const object = this.#objects.get(key);
    if (object === undefined || object.segment.dropped) return undefined;
    return object.expires !== 0 && object.expires <= this.now ? undefined : object;
  }

  get entries(): number {
    return [...this.#objects.keys()].filter((key) => this.get(key) !== undefined).length;
  }

  put(key: string, what: { version: number; length: number; meta: number; tags: readonly number[]; expires: number }) {
    const { length, meta } = what;
    const whole = recordSize(length, meta, length);
    const isOwn = whole > this.#capacity - HEADER_OF_SEGMENT;
    const staged = length > STAGED_FROM;
    if (staged) {
      this.#makeRoom(length);
      this.#used += length;
    }
    const segment = this.#append(isOwn ? recordSize(length, meta, 0) : whole);
    if (staged && !isOwn) this.#used -= length;
    this.#take(key);
    const object = { ...what, segment, own: isOwn ? length : 0 };
    this.#objects.set(key, object);
    if (isOwn) segment.own.add(object);
  }

  delete(key: string): number {
    if (this.get(key) === undefined) return 0;
    this.#take(key);
    this.#append(recordSize(0, 0, 0));
    return 1;
  }

  deleteDirectory(dir: string, tags: readonly number[]): number {
    this.#append(recordSize(0, 0, 0));
    let removed = 0;
    for (const key of [...this.#objects.keys()]) {
      const object = this.get(key);
      if (object === undefined || !key.startsWith(`${dir}/`)) continue;
      if (!tags.every((tag, at) => tag === 0xffff || tag === object.tags[at])) continue;
      this.#take(key);
      removed++;
    }
    return removed;
  }

  /** Removes an object and the file that it has for itself. */
  #take(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#objects.delete(key);
    if (object.segment.own.delete(object)) this.#used -= object.own;
  }

  #append(size: number): ModelSegment {
    let active = this.#segments.at(-1);
    if (active === undefined || active.sealed || Math.max(active.tail, HEADER_OF_SEGMENT) + size > this.#capacity) {
      if (active !== undefined && !active.sealed) {
        active.sealed = true;
        this.#used += active.tail - this.#capacity;
      }
      this.#makeRoom(this.#capacity);
      active = { tail: 0, sealed: false, dropped: false, own: new Set() };
      this.#segments.push(active);
      this.#used += this.#capacity;
    }
    active.tail = Math.max(active.tail, HEADER_OF_SEGMENT) + size;
    return active;
  }

  #makeRoom(bytes: number): void {
    while (this.#used + bytes > this.#grant) {
      const [oldest] = this.#segments;
      if (oldest === undefined) throw new Error('the model has no room');
      const [own] = oldest.own;
      if (own !== undefined) {
        for (const [key, object] of this.#objects) if (object === own) this.#take(key);
        continue;
      }
      if (!oldest.sealed) throw new Error('the model has no room');
      oldest.dropped = true;
      this.dropped++;
      this.#used -= oldest.tail;
      this.#segments = this.#segments.slice(1);
      for (const [key, object] of this.#objects) if (object.segment === oldest) this.#objects.delete(key);
    }
  }
}

/** Header, a checksum for each 64 KiB, meta, body, up to a multiple of 16, and the footer. */
function recordSize(length: number, meta: number, inside: number): number {
  return Math.ceil((96 + 4 * Math.ceil(length / 65_536) + meta + inside) / 16) * 16 + 64;
}
