import type { LiveHead } from '../../../src/engine/load/live-head.ts';
import type { ContentRequest, ContentSource, Resolution } from '../../../src/engine/load/source.ts';

/** The object of a resolution that is a hit of which nothing else is to be said; undefined for any other. */
export function plainHit(resolution: Resolution | Promise<Resolution>): LiveHead | undefined {
  if (resolution instanceof Promise || resolution.kind !== 'object') return undefined;
  const { hit, ttl: _, ...more } = resolution.cache;
  return hit && Object.keys(more).length === 0 ? resolution.live : undefined;
}

/** A source whose `hit` is held against its `resolve` with every request. `disagreements`: where they did not say the same. */
export function agreeing(source: ContentSource): ContentSource & { readonly disagreements: string[] } {
  const disagreements: string[] = [];
  const hold = (
    hit: LiveHead | undefined,
    expected: LiveHead | undefined,
    { method, target, headers }: ContentRequest,
  ) => {
    if (hit !== expected) disagreements.push(`${method} ${target} ${headers.join()}`);
  };
  return {
    disagreements,
    hit(request) {
      const hit = source.hit(request);
      // What is a hit is answered at once, so that asking for it has no effect.
      if (hit !== undefined) hold(hit, plainHit(source.resolve(request, new AbortController().signal)), request);
      return hit;
    },
    resolve(request, signal) {
      const hit = source.hit(request);
      const resolution = source.resolve(request, signal);
      hold(hit, plainHit(resolution), request);
      return resolution;
    },
    piece: (live, index, wanted) => source.piece(live, index, wanted),
    readAhead: (live, index, last, signal) => source.readAhead(live, index, last, signal),
    forward: (request, signal) => source.forward(request, signal),
  };
}
