import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Diagnostics } from '../../engine/protocol/desktop.ts';
import type { Model } from './model.ts';

export interface DiagnosticsNow {
  /** Null until the first answer. */
  readonly found: Diagnostics | null;
  readonly busy: boolean;
  readonly refresh: () => void;
}

/** Asks for the diagnostics when it is first shown, when `about` changes, and on request. */
export function useDiagnostics(model: Model, about: unknown): DiagnosticsNow {
  const [found, setFound] = useState<Diagnostics | null>(null);
  const [busy, setBusy] = useState(false);
  const refresh = useCallback(async () => {
    setBusy(true);
    const result = await model.act('diagnostics', null);
    setBusy(false);
    if (result.ok) setFound(result.value);
  }, [model]);
  useEffect(() => {
    void refresh();
  }, [refresh, about]);
  return { found, busy, refresh: () => void refresh() };
}
