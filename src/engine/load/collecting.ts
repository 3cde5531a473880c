import type { Collector } from '../base/collector.ts';
import type { Flow } from '../rate/throttle.ts';

/** A flow that also tells the collector: each chunk that is taken was a buffer of its own and is garbage a moment later. */
export function collecting(flow: Flow, collector: Collector): Flow {
  return {
    take(bytes, signal) {
      collector.passed(bytes);
      return flow.take(bytes, signal);
    },
    close: () => flow.close(),
  };
}
