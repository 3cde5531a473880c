import { useEffect, useRef, useState } from 'preact/hooks';

/** Milliseconds between two calls while a slider is dragged. */
const BEAT = 150;
/** Milliseconds that a draft outlives the answer to its call, if the state does not bring another value first. */
const LINGER = 600;

/**
 * What a control shows while it is being moved: its own value at once, the state's when that has caught up. `send` is called at once, then
 * no more than every BEAT, and always with the last value.
 */
export function useDraft<Value>(
  value: Value,
  send: (value: Value) => Promise<unknown>,
): { readonly shown: Value; readonly set: (value: Value) => void } {
  const [draft, setDraft] = useState<{ readonly value: Value } | null>(null);
  const waiting = useRef<{ readonly value: Value } | null>(null);
  const timer = useRef<number | undefined>(undefined);
  const linger = useRef<number | undefined>(undefined);
  const latest = useRef(send);
  latest.current = send;

  const flush = () => {
    timer.current = undefined;
    const next = waiting.current;
    if (next === null) return;
    waiting.current = null;
    timer.current = window.setTimeout(flush, BEAT);
    void latest.current(next.value).finally(() => {
      window.clearTimeout(linger.current);
      linger.current = window.setTimeout(() => waiting.current === null && setDraft(null), LINGER);
    });
  };
  const set = (next: Value) => {
    setDraft({ value: next });
    waiting.current = { value: next };
    if (timer.current === undefined) flush();
  };

  // What waits when the control goes is sent all the same: the person has let go of it.
  useEffect(
    () => () => {
      window.clearTimeout(timer.current);
      window.clearTimeout(linger.current);
      if (waiting.current !== null) void latest.current(waiting.current.value);
    },
    [],
  );
  return { shown: draft === null ? value : draft.value, set };
}
