import type { Entry } from '../store/store.ts';
import type { LiveHead } from './live-head.ts';
import type { Loader } from './loader.ts';
import type { Shield } from './shield.ts';
import type { ContentRequest, ContentSource, ForwardedRequest, PassedResponse, Resolution, Wanted } from './source.ts';

/**
 * Content at the manager: heads and streams come from the shield; pieces for its own clients through a loader like a peer's, so that in proxy mode
 * they may come from peers, verified, while what members ask for never does.
 */
export class ManagerSource implements ContentSource {
  readonly #shield: Shield;
  readonly #loader: Loader;

  constructor(collaborators: { shield: Shield; loader: Loader }) {
    this.#shield = collaborators.shield;
    this.#loader = collaborators.loader;
  }

  resolve(request: ContentRequest, signal: AbortSignal): Resolution | Promise<Resolution> {
    return this.#shield.resolve(request, signal);
  }

  hit(request: ContentRequest): LiveHead | undefined {
    return this.#shield.hit(request);
  }

  piece(live: LiveHead, index: number, wanted: Wanted): Entry | Promise<Entry> {
    return this.#loader.pieceForClient(live, index, wanted.signal);
  }

  readAhead(live: LiveHead, index: number, last: number, signal: AbortSignal): void {
    this.#loader.readAhead(live, index, last, signal);
  }

  forward(request: ForwardedRequest, signal: AbortSignal): Promise<PassedResponse> {
    return this.#shield.forward(request, signal);
  }
}
