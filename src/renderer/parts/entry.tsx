import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';

export interface EntryProps {
  readonly label: string;
  readonly labelHidden?: boolean;
  readonly hint?: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
  /** What is wrong with it; null while nothing is. */
  readonly error?: string | null;
  /** Shown as dots. */
  readonly secret?: boolean;
  readonly monospace?: boolean;
  readonly autoFocus?: boolean;
  /** Beside the field. */
  readonly aside?: ComponentChildren;
  readonly onLeave?: () => void;
  readonly onEnter?: () => void;
  readonly onEscape?: () => void;
}

/** A line of text with its label, a hint and what is wrong with it. */
export function Entry(props: EntryProps) {
  const id = useId();
  const { label, hint, error = null, onEnter, onEscape } = props;
  const described = [hint === undefined ? '' : `${id}-hint`, error === null ? '' : `${id}-error`].join(' ').trim();
  const onKeyDown = (event: KeyboardEvent) => {
    const act = event.key === 'Enter' ? onEnter : event.key === 'Escape' ? onEscape : undefined;
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <div class="entry">
      <label class={props.labelHidden === true ? 'hidden' : 'label'} for={id}>
        {label}
      </label>
      <div class="entry-row">
        <input
          id={id}
          class={props.monospace === true ? 'monospace' : undefined}
          {...(props.secret === true ? { type: 'password' as const } : { type: 'text' as const })}
          value={props.value}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          // A dialog begins where the person types.
          {...(props.autoFocus === true ? { autofocus: true } : {})}
          aria-invalid={error === null ? undefined : 'true'}
          aria-describedby={described === '' ? undefined : described}
          onInput={(event) => props.onInput(event.currentTarget.value)}
          onBlur={() => props.onLeave?.()}
          onKeyDown={onKeyDown}
        />
        {props.aside}
      </div>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error === null ? null : (
        <p class="error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

export interface ValueEntryProps<Value> {
  readonly label: string;
  readonly value: Value;
  readonly write: (value: Value) => string;
  /** Undefined: not understood. */
  readonly parse: (text: string) => Value | undefined;
  readonly error: string;
  readonly onChange: (value: Value) => void;
}

/** A value that can be typed: taken over with Enter or on leaving the field, given up with Esc, kept and marked while it is not understood. */
export function ValueEntry<Value>({ label, value, write, parse, error, onChange }: ValueEntryProps<Value>) {
  const [draft, setDraft] = useState<string | null>(null);
  const [wrong, setWrong] = useState(false);
  const commit = () => {
    if (draft === null) return;
    const parsed = draft === write(value) ? value : parse(draft);
    setWrong(parsed === undefined);
    if (parsed === undefined) return;
    setDraft(null);
    if (parsed !== value) onChange(parsed);
  };
  return (
    <Entry
      label={label}
      labelHidden
      value={draft ?? write(value)}
      error={wrong ? error : null}
      onInput={(text) => {
        setDraft(text);
        setWrong(false);
      }}
      onEnter={commit}
      onLeave={commit}
      onEscape={() => {
        setDraft(null);
        setWrong(false);
      }}
    />
  );
}
