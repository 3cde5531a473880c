import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../../engine/protocol/desktop.ts';
import { Pot } from '../parts/pot.tsx';
import { problemText, WORDS } from '../words/words.ts';

/** Milliseconds after which a person begins to wonder. */
const PATIENCE = 400;
const LONG = 8000;

/** Before the first state, which says the language: the system's is a good guess. */
export function Waiting({ problem }: { readonly problem: Problem | null }) {
  const words = navigator.language.startsWith('zh') ? WORDS.zh : WORDS.en;
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
