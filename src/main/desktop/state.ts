import type { DesktopState } from '../../engine/protocol/desktop.ts';
import type { Verdict } from './conditions/policy.ts';
import type { EngineView } from './engine.ts';
import type { Memory } from './settings.ts';

/** Where the state comes from. */
export interface StateParts
  extends Pick<
    DesktopState,
    | 'nearby'
    | 'changedKey'
    | 'pendingLink'
    | 'settings'
    | 'secrets'
    | 'conditions'
    | 'pausedUntil'
    | 'today'
    | 'allTime'
    | 'curve'
    | 'freeDisk'
    | 'totalMemory'
    | 'update'
    | 'platform'
    | 'version'
    | 'resolved'
    | 'tray'
  > {
  readonly engine: EngineView;
  readonly memory: Pick<Memory, 'last'>;
  readonly verdict: Verdict;
}

/** The one state that window and tray show, put together from its parts. */
export function assembleState({ engine, memory, verdict, ...rest }: StateParts): DesktopState {
  const { app, problem, peer } = engine;
  return {
    ...rest,
    app,
    problem: problem ?? troubleOf(engine),
    peer,
    last: memory.last,
    holds: peer?.holds ?? [],
    slowed: peer === null ? [] : verdict.slowed,
  };
}

/** What the running peer has to say. Why it is not reached, or is held back, is no error: it has a state of its own. */
function troubleOf({ peer }: EngineView): DesktopState['problem'] {
  if (peer === null || peer.trouble === null) return null;
  if (peer.troubleCode !== null) return { code: peer.troubleCode, message: peer.trouble };
  const away = peer.state === 'disconnected' || peer.state === 'joining';
  return away ? { code: 'POTLUCK_NO_MANAGER', message: peer.trouble } : null;
}
