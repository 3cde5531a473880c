import type { AppState, DesktopState, Problem } from '../../../engine/protocol/desktop.ts';
import { type Model, useModel } from '../../data/model.ts';
import { Pot, type PotSign } from '../../parts/pot.tsx';
import { addressOf } from '../../text/fingerprint.ts';
import { problemDetail, problemText } from '../../words/words.ts';
import { HeroActions } from './hero-actions.tsx';
import { Remaining } from './remaining.tsx';

type HoldReason = DesktopState['holds'][number];

const SIGNS: Readonly<Record<AppState, PotSign>> = {
  idle: 'idle',
  joining: 'waiting',
  sharing: 'sharing',
  unreachable: 'problem',
  disconnected: 'waiting',
  holding: 'paused',
  draining: 'draining',
  failed: 'problem',
};

/** The colour of a state; its words say the same. */
const TONES: Readonly<Record<AppState, 'calm' | 'good' | 'warn' | 'bad'>> = {
  idle: 'calm',
  joining: 'calm',
  sharing: 'good',
  unreachable: 'warn',
  disconnected: 'warn',
  holding: 'calm',
  draining: 'warn',
  failed: 'bad',
};

export function Hero() {
  const model = useModel();
  const state = model.state.value;
  const words = model.words.value.state[state.app];
  return (
    <section class="hero" data-tone={TONES[state.app]} aria-labelledby="hero-title">
      <Pot sign={SIGNS[state.app]} />
      <div class="hero-words">
        <h1 id="hero-title">{words.title}</h1>
        {heroLines(model, state).map((line) => (
          <p key={line}>{line}</p>
        ))}
        {details(model, state).map((detail) => (
          <p key={detail} class="hint">
            {detail}
          </p>
        ))}
        <ManagerLine />
      </div>
      {state.app === 'draining' ? <Remaining /> : null}
      <HeroActions />
    </section>
  );
}

function ManagerLine() {
  const model = useModel();
  const manager = model.state.value.peer?.manager ?? null;
  if (manager === null || model.state.value.app === 'idle') return null;
  const { home } = model.words.value;
  return (
    <p class="hero-manager hint">
      <strong>{manager.name}</strong>
      <span>{home.members(manager.members)}</span>
      <span>{addressOf(manager.url)}</span>
    </p>
  );
}

/** What the state means, and why, in a few lines. */
function heroLines(model: Model, state: DesktopState): string[] {
  const words = model.words.value;
  const { app, holds, slowed, problem } = state;
  switch (app) {
    case 'holding':
      return holds.length === 0 ? [words.state.holding.text] : holds.map((hold) => holdText(model, state, hold));
    case 'failed':
      return [problem === null ? words.state.failed.text : problemText(words, problem)];
    case 'draining':
      return [words.state.draining.text];
    case 'sharing':
      return [words.state.sharing.text, ...slowed.map((one) => words.slowed[one]), ...troubles(model, state)];
    default:
      return [words.state[app].text, ...(app === 'disconnected' ? [] : troubles(model, state))];
  }
}

/** Why it holds back; until when, where the person has said so. */
function holdText(model: Model, { pausedUntil }: DesktopState, hold: HoldReason): string {
  const words = model.words.value;
  if (hold !== 'user' || pausedUntil === null) return words.hold[hold];
  return words.home.pausedUntil(model.format.value.moment(pausedUntil, Date.now()));
}

/** What is wrong although it goes on, in the window's words; what has none for it is a detail. */
function troubles(model: Model, { peer }: DesktopState): string[] {
  const trouble = troubleOf(peer);
  return trouble === null ? [] : [problemText(model.words.value, trouble)];
}

function troubleOf(peer: DesktopState['peer']): Problem | null {
  if (peer === null || peer.trouble === null || peer.troubleCode === null) return null;
  return { code: peer.troubleCode, message: peer.trouble };
}

/** What the engine says of it beyond that: the place, the cause. */
function details(model: Model, { app, peer, problem }: DesktopState): string[] {
  if (app === 'disconnected' || app === 'holding' || app === 'draining') return [];
  const shown = app === 'failed' ? problem : troubleOf(peer);
  const detail = shown === null ? null : problemDetail(model.words.value, shown);
  if (detail !== null) return [detail];
  return peer !== null && peer.troubleCode === null && peer.trouble !== null ? [peer.trouble] : [];
}
