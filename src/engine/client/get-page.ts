import { setTimeout as sleep } from 'node:timers/promises';
import { PotluckError } from '../base/errors.ts';
import type { Head, SignedHead } from '../content/head.ts';
import { objectId } from '../content/key.ts';
import type { PieceProof, Verifier } from '../content/signature.ts';
import { parseTarget } from '../content/target.ts';
import { GROUP_PREFIX } from '../protocol/paths.ts';
import { type Http, parseJson, retryAfter } from './get-http.ts';
import type { GetLimits } from './get-limits.ts';

/** Name of the group that is mirrored at `/`. */
const DEFAULT_GROUP = 'default';

/** Bounds of what is believed even of a manager: memory is taken for pieces, and a byte for each. */
const MAX_PIECE = 64 * 1024 * 1024;
const MAX_PIECES = 16 * 1024 * 1024;

/** One answer of `/_potluck/heads/<object>/<revision>`. */
export interface Page {
  readonly head?: SignedHead;
  readonly pieces?: readonly (PieceProof & { index: number })[];
}

/** The head, if the manager signed it. Throws POTLUCK_BAD_PIECE. */
export function openHead(verifier: Verifier, signed: SignedHead | undefined): Head {
  const head = signed === undefined ? undefined : verifier.openHead(signed);
  if (head === undefined) throw new PotluckError('POTLUCK_BAD_PIECE', 'the head is not signed by the manager');
  return head;
}

/** A signed head must be that of the URL: else somebody on the way could answer with another object of the same manager. */
export function checkHead(head: Head, wanted: { url: URL; object: string; revision: string }): void {
  const { target } = parseTarget(wanted.url.pathname + wanted.url.search);
  const own =
    (head.group === DEFAULT_GROUP && head.target === target) || `${GROUP_PREFIX}${head.group}${head.target}` === target;
  const named = head.object === wanted.object && head.revision === wanted.revision && objectId(head) === head.object;
  if (!own || !named) throw new PotluckError('POTLUCK_BAD_PIECE', 'the signed head is that of another object');
  const natural = [head.length, head.pieceSize].every((number) => Number.isSafeInteger(number) && number >= 0);
  if (!natural || head.pieceSize < 1 || head.pieceSize > MAX_PIECE || head.length / head.pieceSize > MAX_PIECES)
    throw new PotluckError('POTLUCK_BAD_PIECE', 'the signed head makes no sense');
}

/** Signed hashes of up to a page of pieces, beginning with `from`. Throws where there are none, POTLUCK_BAD_PIECE where they make no sense. */
export async function fetchPage(
  http: Http,
  limits: GetLimits,
  url: string,
  from: number,
  signal: AbortSignal,
): Promise<Page> {
  for (let tries = 0; ; tries++) {
    const answer = await http.text(`${url}?from=${from}&count=${limits.hashesPerPage}`, signal);
    if (answer.status === 429 && tries < limits.busyRetries) {
      await sleep(retryAfter(answer.headers, limits.rest * 2 ** tries, limits.busyWait), undefined, { signal });
      continue;
    }
    if (answer.status !== 200)
      throw new PotluckError('POTLUCK_DOWNLOAD_FAILED', `its hashes are answered with ${answer.status}`);
    return pageOf(parseJson(answer.text));
  }
}

/** The answer in the form that the wire promises; anything else is as good as a forged one. */
function pageOf(value: unknown): Page {
  const page = value as Page | null | undefined;
  const pieces = page?.pieces ?? [];
  const wellFormed =
    Array.isArray(pieces) &&
    pieces.every(
      (proof) =>
        Number.isSafeInteger(proof?.index) &&
        proof.index >= 0 &&
        [proof.key, proof.sha256, proof.signature].every((part) => typeof part === 'string'),
    );
  const { head } = page ?? {};
  const signed = head === undefined || [head?.payload, head?.key, head?.signature].every((x) => typeof x === 'string');
  if (typeof page !== 'object' || page === null || !wellFormed || !signed)
    throw new PotluckError('POTLUCK_BAD_PIECE', 'the signed hashes are malformed');
  return page;
}
