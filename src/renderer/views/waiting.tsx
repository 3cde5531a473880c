import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../../engine/protocol/desktop.ts';
import { Pot } from '../parts/pot.tsx';
import { type LanguageName, problemText, WORDS } from '../words/words.ts';

/** Milliseconds after which a person begins to wonder. */
const PATIENCE = 400;
const LONG = 8000;

export interface WaitingProps {
  readonly problem: Problem | null;
  readonly language: LanguageName;
}

/** Before the first state. */
export function Waiting({ problem, language }: WaitingProps) {
  const words = WORDS[language];
  const [waited, setWaited] = useState(0);
  useEffect(() => {
    const timers = [PATIENCE, LONG].map((after) => window.setTimeout(() => setWaited(after), after));
    return () => {
      for (const timer of timers) window.clearTimeout(timer);
    };
  }, []);
  const late = problem !== null || waited === LONG;
  if (!late && waited < PATIENCE) return null;
  return (
    <main class="waiting">
      <h1 class="hidden">Potluck</h1>
      <Pot sign={late ? 'problem' : 'waiting'} />
      <p role={late ? 'alert' : 'status'}>{late ? words.common.noAnswer : words.common.starting}</p>
      {problem === null ? null : <p class="hint">{problemText(words, problem)}</p>}
    </main>
  );
}
