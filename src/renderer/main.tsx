import './safe-language.ts';
import { effect } from '@preact/signals';
import { render } from 'preact';
import type { DesktopBridge, DesktopState } from '../engine/protocol/desktop.ts';
import { type Backend, bridgeBackend } from './data/backend.ts';
import { Model } from './data/model.ts';
import { keepFocus } from './parts/focus.ts';
import { App } from './views/app.tsx';
import { Waiting } from './views/waiting.tsx';
import { LOCALES, languageOf } from './words/words.ts';
import './style/index.css';

declare global {
  interface Window {
    readonly potluck?: DesktopBridge;
  }
}

/** Draws the window, and keeps it in step with the state until it is closed. */
async function start(root: Element, backend: Backend): Promise<void> {
  let model: Model | undefined;
  let latest: DesktopState | undefined;
  const show = () => {
    // A window that nobody sees has nothing to draw; the last state is kept for when it is seen again.
    if (latest === undefined || document.hidden || model === undefined) return;
    model.receive(latest);
    latest = undefined;
  };
  backend.onState((state) => {
    latest = state;
    show();
  });
  document.addEventListener('visibilitychange', show);

  // The state will say which language it is: the system's is a good guess.
  const guess = languageOf(navigator.language);
  document.documentElement.lang = LOCALES[guess];
  render(<Waiting problem={null} language={guess} />, root);
  const first = await backend.call('ready', null);
  if (!first.ok) {
    render(<Waiting problem={first.problem} language={guess} />, root);
    return;
  }
  const made = new Model(backend, first.value);
  model = made;
  // Before anything is drawn with it: a canvas asks for its colours once.
  effect(() => {
    document.documentElement.lang = LOCALES[made.language.value];
    document.documentElement.dataset['theme'] = made.dark.value ? 'dark' : 'light';
    document.title = made.title.value;
  });
  render(<App model={made} />, root);
  keepFocus();
  show();
}

const root = document.querySelector('#app');
if (root !== null && window.potluck !== undefined) void start(root, bridgeBackend(window.potluck));
