import type { PseudoRandom } from '../support/pseudo-random.ts';
import type { Answer } from './http.ts';

/** First and last byte of a stretch, both included. */
type Stretch = readonly [first: number, last: number];

/** A Range field and the stretches that it means on the file: none where it cannot be satisfied. */
export interface RangeRequest {
  readonly field: string;
  readonly wanted: readonly Stretch[];
}

/** Numbers from 0 to below 1, the same for the same seed (xorshift32). */
function numbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Ranges of all kinds, in turn: inside, past the end, from the end, several, and none at all. Each of `largest` bytes at most. */
export function randomRanges(
  count: number,
  length: number,
  options: { seed: number; largest: number },
): RangeRequest[] {
  const next = numbers(options.seed);
  const below = (end: number) => Math.floor(next() * end);
  const inside = (): Stretch => {
    const first = below(length);
    return [first, Math.min(length - 1, first + below(options.largest))];
  };
  const kinds: (() => RangeRequest)[] = [
    () => {
      const [first, last] = inside();
      return { field: `bytes=${first}-${last}`, wanted: [[first, last]] };
    },
    () => {
      const first = length - 1 - below(options.largest);
      return { field: `bytes=${first}-${length + below(1e6)}`, wanted: [[first, length - 1]] };
    },
    () => {
      const size = 1 + below(options.largest);
      return { field: `bytes=-${size}`, wanted: [[length - size, length - 1]] };
    },
    () => {
      const wanted = [inside(), inside(), inside()].map(
        ([first, last]): Stretch => [first, Math.min(last, first + 9999)],
      );
      return { field: `bytes=${wanted.map(([first, last]) => `${first}-${last}`).join(', ')}`, wanted };
    },
    () => ({ field: `bytes=${length + below(1e6)}-`, wanted: [] }),
  ];
  return Array.from({ length: count }, (_, i) => (kinds[i % kinds.length] as () => RangeRequest)());
}

/** What is wrong with an answer to a range request, held against the file itself; undefined where nothing is. */
export function faultOf(
  answer: Answer,
  request: RangeRequest,
  file: { content: PseudoRandom; length: number },
): string | undefined {
  if (request.wanted.length === 0) return answer.status === 416 ? undefined : `status ${answer.status} instead of 416`;
  if (answer.status !== 206) return `status ${answer.status} instead of 206`;
  const parts = partsOf(answer);
  for (const { range, bytes } of parts) {
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range);
    if (match === null) return `Content-Range: ${range}`;
    const [first, last, length] = match.slice(1).map(Number) as [number, number, number];
    if (length !== file.length) return `a length of ${length}`;
    if (!bytes.equals(file.content.slice(first, last + 1))) return `other bytes than the file's in ${range}`;
  }
  const sent = parts.map(({ range }) => (range.match(/\d+/g) ?? []).map(Number));
  const missing = request.wanted.find(
    ([first, last]) => !sent.some(([from, to]) => (from as number) <= first && (to as number) >= last),
  );
  return missing === undefined ? undefined : `nothing of ${missing.join('-')}`;
}

interface SentPart {
  readonly range: string;
  readonly bytes: Buffer;
}

/** The parts of a 206: one, or those of a multipart body (RFC 9110 section 14.6), read by its boundary. */
function partsOf({ headers, body }: Answer): SentPart[] {
  const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) return [{ range: headers['content-range'] ?? '', bytes: body }];
  const parts: SentPart[] = [];
  const delimiter = `\r\n--${boundary}`;
  const text = Buffer.concat([Buffer.from('\r\n'), body]);
  for (let at = text.indexOf(delimiter); ; ) {
    const head = at + delimiter.length;
    if (at < 0) throw new Error('the multipart body has no end');
    if (text.subarray(head, head + 2).toString() === '--') return parts;
    const start = text.indexOf('\r\n\r\n', head);
    const end = text.indexOf(delimiter, start);
    const range = /^content-range: (.*)$/im.exec(text.subarray(head, start).toString('latin1'))?.[1];
    parts.push({ range: range?.trim() ?? '', bytes: text.subarray(start + 4, end) });
    at = end;
  }
}
