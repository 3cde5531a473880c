import { headerOf } from '../content/headers.ts';
import type { LiveHead } from '../load/live-head.ts';
import type { ContentRequest } from '../load/source.ts';
import { evaluate } from '../policy/preconditions.ts';
import { type ByteRange, requestedRanges } from '../policy/range.ts';

/** How a request for a stored object is answered, before anything is sent: whole, in parts, or not at all. */
export type Plan = 'whole' | readonly ByteRange[] | 304 | 412 | 416;

/** What conditions and ranges are held against; an object's head has it, and so has a body that is still arriving. */
export interface Representation {
  readonly status: number;
  readonly headers: readonly string[];
  readonly etag: string | undefined;
  /** Undefined while unknown: ranges then mean nothing. */
  readonly length: number | undefined;
}

/** RFC 9110 section 13.2.2: first the preconditions, then Range with If-Range. Only a 200 has ranges. */
export function planFor(request: Pick<ContentRequest, 'method' | 'headers'>, representation: Representation): Plan {
  const { headers, status, etag, length } = representation;
  const lastModified = headerOf(headers, 'last-modified');
  const date = headerOf(headers, 'date');
  const outcome = evaluate({
    method: request.method,
    requestHeaders: request.headers,
    etag,
    lastModified,
    date,
    status,
  });
  if (outcome !== 'go') return outcome;
  if (status !== 200 || length === undefined) return 'whole';
  const ranges = requestedRanges({
    method: request.method,
    requestHeaders: request.headers,
    length,
    validators: { etag, lastModified, date },
  });
  return ranges === 'unsatisfiable' ? 416 : (ranges ?? 'whole');
}

/** The plan for an object. */
export function planForObject(request: ContentRequest, live: LiveHead): Plan {
  return planFor(request, live.head);
}
