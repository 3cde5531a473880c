import type { AppState, DesktopState } from '../../../engine/protocol/desktop.ts';
import { type Model, useModel } from '../../data/model.ts';
import { Pot, type PotSign } from '../../parts/pot.tsx';
import { addressOf } from '../../text/fingerprint.ts';
import { problemText } from '../../words/words.ts';
import { HeroActions } from './hero-actions.tsx';

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
        <ManagerLine />
        {heroLines(model, state).map((line) => (
          <p key={line}>{line}</p>
        ))}
        {state.app === 'failed' && state.problem !== null ? <p class="hint">{state.problem.message}</p> : null}
      </div>
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
    <p class="hero-manager">
      <strong>{home.with(manager.name)}</strong>
      <span>
        {addressOf(manager.url)} · {home.members(manager.members)}
      </span>
    </p>
  );
}

/** What the state means, and why, in a few lines. */
function heroLines(model: Model, state: DesktopState): string[] {
  const words = model.words.value;
  const { app, holds, slowed, problem } = state;
  switch (app) {
    case 'holding':
      return [holds.map((hold) => words.hold[hold]).join(' ') || words.state.holding.text, ...pausedLine(model, state)];
    case 'failed':
      return [problem === null ? words.state.failed.text : problemText(words, problem)];
    case 'draining':
      return [words.state.draining.text, drainingLine(model, state)];
    case 'sharing':
      return [words.state.sharing.text, ...slowed.map((one) => words.slowed[one]), ...troubles(model, state)];
    default:
      return [words.state[app].text, ...(app === 'disconnected' ? [] : troubles(model, state))];
  }
}

/** Until when it is paused by hand. */
function pausedLine(model: Model, { holds, pausedUntil }: DesktopState): string[] {
  if (!holds.includes('user') || pausedUntil === null) return [];
  return [model.words.value.home.pausedUntil(model.format.value.moment(pausedUntil, Date.now()))];
}

/** What is wrong although it goes on: in the window's words where it has some for the code. */
function troubles(model: Model, { peer }: DesktopState): string[] {
  if (peer === null || peer.trouble === null) return [];
  return [problemText(model.words.value, { code: peer.troubleCode ?? '', message: peer.trouble })];
}

/** How much is left of a warm close: downloads, bytes, time. */
function drainingLine(model: Model, { peer }: DesktopState): string {
  const { home } = model.words.value;
  const format = model.format.value;
  if (peer === null || peer.running === 0) return home.remainingNone;
  const { bytes = null, seconds = null } = peer.remaining ?? {};
  return [
    home.remaining(peer.running),
    ...(bytes === null ? [] : [home.remainingBytes(format.bytes(bytes))]),
    ...(seconds === null ? [] : [home.remainingTime(format.duration(seconds))]),
  ].join(' · ');
}
