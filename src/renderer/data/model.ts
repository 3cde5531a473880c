import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type {
  CallName,
  CallPayload,
  CallResult,
  DesktopSettings,
  DesktopState,
  Problem,
} from '../../engine/protocol/desktop.ts';
import { type Format, makeFormat } from '../text/format.ts';
import { type LanguageName, LOCALES, problemDetail, problemText, WORDS, type Words } from '../words/words.ts';
import type { Backend } from './backend.ts';
import { reuse } from './reuse.ts';

/** What was just done, or why it could not be. `serial` tells two equal ones apart. */
export interface Notice {
  readonly kind: 'done' | 'problem';
  readonly text: string;
  readonly details: string | null;
  readonly serial: number;
}

/** What the person has opened, beside what the state asks for by itself. `manager`: who is to be joined. */
export type OpenDialog =
  | { readonly kind: 'byHand' }
  | { readonly kind: 'token'; readonly manager: TokenAsker; readonly refusal: string | null }
  | { readonly kind: 'clearCache' }
  | { readonly kind: 'changedKey' }
  | null;

export interface TokenAsker {
  readonly url: string;
  readonly name: string;
  readonly fingerprint?: string;
}

export type TabName = 'home' | 'limits' | 'diagnostics' | 'settings';

/** Everything that the views look at. There is one while the window is open. */
export class Model {
  readonly backend: Backend;
  readonly #state;
  readonly #notice = signal<Notice | null>(null);
  #serial = 0;

  readonly tab = signal<TabName>('home');
  readonly dialog = signal<OpenDialog>(null);
  /** Fingerprint of the changed key whose warning was put aside; the banner stays. */
  readonly keyPutAside = signal<string | null>(null);

  readonly language: ReadonlySignal<LanguageName>;
  readonly words: ReadonlySignal<Words>;
  readonly format: ReadonlySignal<Format>;
  readonly dark: ReadonlySignal<boolean>;
  readonly settings: ReadonlySignal<DesktopSettings>;
  /** Of the window: where it stands comes first, as a task bar cuts the rest off. */
  readonly title: ReadonlySignal<string>;

  constructor(backend: Backend, first: DesktopState) {
    this.backend = backend;
    this.#state = signal(first);
    this.settings = this.pick((state) => state.settings);
    this.language = this.pick(({ settings, resolved }) =>
      settings.language === 'system' ? resolved.language : settings.language,
    );
    this.dark = this.pick(({ settings, resolved }) =>
      settings.theme === 'system' ? resolved.dark : settings.theme === 'dark',
    );
    this.words = computed(() => WORDS[this.language.value]);
    this.title = computed(() => {
      const { app, settings } = this.#state.value;
      return settings.firstRunDone ? `${this.words.value.state[app].title} – Potluck` : 'Potluck';
    });
    this.format = computed(() => makeFormat(LOCALES[this.language.value], this.words.value.units));
  }

  get state(): ReadonlySignal<DesktopState> {
    return this.#state;
  }

  get notice(): ReadonlySignal<Notice | null> {
    return this.#notice;
  }

  /** A part of the state; whoever reads it is drawn again when that part changes, and at no other time. */
  pick<Part>(part: (state: DesktopState) => Part): ReadonlySignal<Part> {
    return computed(() => part(this.#state.value));
  }

  receive(next: DesktopState): void {
    this.#state.value = reuse(this.#state.peek(), next);
  }

  /** A call whose failure is shown. */
  async act<Name extends CallName>(name: Name, payload: CallPayload<Name>): Promise<CallResult<Name>> {
    const result = await this.backend.call(name, payload);
    if (!result.ok) this.tell(result.problem);
    return result;
  }

  async change(settings: CallPayload<'change'>): Promise<CallResult<'change'>> {
    const result = await this.act('change', settings);
    // The control shows what was wanted; drawn again, it shows what is.
    const state = this.#state.peek();
    if (!result.ok) this.#state.value = { ...state, settings: { ...state.settings } };
    return result;
  }

  async copy(text: string): Promise<void> {
    const result = await this.act('copy', { text });
    if (result.ok) this.done(this.words.peek().common.copied);
  }

  tell(problem: Problem): void {
    const words = this.words.peek();
    this.#show('problem', problemText(words, problem), problemDetail(words, problem));
  }

  done(text: string): void {
    this.#show('done', text, null);
  }

  /** Takes a notice away, unless a newer one has come. */
  dismiss(serial: number): void {
    if (this.#notice.peek()?.serial === serial) this.#notice.value = null;
  }

  #show(kind: Notice['kind'], text: string, details: string | null): void {
    this.#serial++;
    this.#notice.value = { kind, text, details, serial: this.#serial };
  }
}

const ModelContext = createContext<Model | null>(null);
export const ModelProvider = ModelContext.Provider;

export function useModel(): Model {
  const model = useContext(ModelContext);
  if (model === null) throw new Error('a view stands outside of the window');
  return model;
}
