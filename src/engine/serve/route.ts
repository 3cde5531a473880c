import { PotluckError } from '../base/errors.ts';
import { parseTarget } from '../content/target.ts';
import { GROUP_PREFIX, OWN_PREFIX } from '../protocol/paths.ts';
import type { Groups, InternalHandler, InternalHandlers } from './collaborators.ts';
import { REMEMBERED_ROUTES, REMEMBERED_TARGET } from './limits.ts';

/** The group that is mirrored at `/`. */
export const DEFAULT_GROUP = 'default';

/** Where a request goes. */
export type Route =
  | {
      readonly kind: 'content';
      readonly group: string;
      readonly target: string;
      readonly revision: string | undefined;
      readonly not: readonly string[];
      /** The group that the path names, whether or not it exists; what the choice above depends on. */
      readonly names: string | undefined;
    }
  | { readonly kind: 'own'; readonly path: string; readonly handler: InternalHandler };

/**
 * From the raw target of a request line to its route. A target that was seen before costs one look-up: routes are remembered in two
 * generations, the older of which is dropped when the younger one is full (near enough to LRU, without its bookkeeping).
 */
export class Router {
  readonly #groups: Groups;
  readonly #own: InternalHandlers;
  #young = new Map<string, Route>();
  #old = new Map<string, Route>();

  constructor(collaborators: { groups: Groups; own: InternalHandlers }) {
    this.#groups = collaborators.groups;
    this.#own = collaborators.own;
  }

  /** The route of a raw target. Throws POTLUCK_BAD_TARGET, POTLUCK_TARGET_TOO_LONG, or POTLUCK_NOT_FOUND below `/_potluck/`. */
  route(raw: string): Route {
    const young = this.#young.get(raw);
    if (young !== undefined && this.#holds(young)) return young;
    const old = young === undefined ? this.#old.get(raw) : undefined;
    if (old !== undefined && this.#holds(old)) {
      this.#remember(raw, old);
      return old;
    }
    const route = this.#parse(raw);
    if (raw.length <= REMEMBERED_TARGET) this.#remember(raw, route);
    return route;
  }

  #remember(raw: string, route: Route): void {
    if (this.#young.size >= REMEMBERED_ROUTES && !this.#young.has(raw)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(raw, route);
  }

  /** Groups come and go: a route below `/cache/` holds only while its group's existence is what it was. */
  #holds(route: Route): boolean {
    if (route.kind === 'own' || route.names === undefined) return true;
    return this.#groups.has(route.names) === (route.group === route.names);
  }

  #parse(raw: string): Route {
    const { target, revision, not } = parseTarget(raw);
    if (target.startsWith(OWN_PREFIX)) return this.#ownRoute(target);
    const names = groupNamed(target);
    if (names === undefined || !this.#groups.has(names)) {
      return { kind: 'content', group: DEFAULT_GROUP, target, revision, not, names };
    }
    const inner = target.slice(GROUP_PREFIX.length + names.length);
    return { kind: 'content', group: names, target: inner, revision, not, names };
  }

  #ownRoute(target: string): Route {
    const path = target.split('?', 1)[0] as string;
    const exact = this.#own.exact.get(path);
    if (exact !== undefined) return { kind: 'own', path, handler: exact };
    for (const [prefix, handler] of this.#own.prefixes) {
      if (path.startsWith(prefix)) return { kind: 'own', path, handler };
    }
    throw new PotluckError('POTLUCK_NOT_FOUND', path);
  }
}

/** The name in `/cache/<name>/...`; the default group is not addressed that way. */
function groupNamed(target: string): string | undefined {
  if (!target.startsWith(GROUP_PREFIX)) return undefined;
  const end = target.indexOf('/', GROUP_PREFIX.length);
  if (end === -1) return undefined;
  const name = target.slice(GROUP_PREFIX.length, end);
  return name === '' || name === DEFAULT_GROUP || name.includes('?') ? undefined : name;
}
