import { useState } from 'preact/hooks';
import type { CallPayload, DesktopState, Problem } from '../../engine/protocol/desktop.ts';
import { addressOf } from '../text/fingerprint.ts';
import type { Model, TokenAsker } from './model.ts';

/** A refusal is answered by asking for the token: the manager says no more than that. */
export function asksForToken({ code }: Problem): boolean {
  return code === 'POTLUCK_JOIN_REFUSED';
}

/** The call that joins a manager. */
export function joinPayload(manager: TokenAsker, token?: string, tokenInFile?: boolean): CallPayload<'join'> {
  const { url, fingerprint } = manager;
  return {
    url,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(token === undefined ? {} : { token }),
    ...(tokenInFile === true ? { tokenInFile } : {}),
  };
}

/**
 * Says why nothing was joined, unless the state says it already: a changed key has a dialog, which comes again for whoever tries again; other
 * problems stand above Home.
 */
export function tellOfJoin(model: Model, problem: Problem): void {
  if (problem.code === 'POTLUCK_KEY_CHANGED') model.keyPutAside.value = null;
  else if (model.state.peek().problem?.code !== problem.code) model.tell(problem);
}

/** The manager that a problem is about, as a person knows it. */
export function managerOf({ manager }: Problem, { nearby, last }: DesktopState): TokenAsker | null {
  if (manager === undefined) return last;
  const { url, fingerprint } = manager;
  const known = [...nearby, ...(last === null ? [] : [last])];
  const named = known.find((one) => (fingerprint === undefined ? one.url === url : one.fingerprint === fingerprint));
  return { ...manager, name: named?.name ?? addressOf(url) };
}

/** Joins a manager of the list. One that wants a token which is not kept here is asked about first. */
export function useJoin(model: Model) {
  const [busy, setBusy] = useState(false);
  const join = async (manager: TokenAsker & { readonly tokenRequired: boolean; readonly known: boolean }) => {
    const { url, name, fingerprint } = manager;
    const asker: TokenAsker = { url, name, ...(fingerprint === undefined ? {} : { fingerprint }) };
    if (manager.tokenRequired && !manager.known) {
      model.dialog.value = { kind: 'token', manager: asker, refusal: null };
      return;
    }
    setBusy(true);
    const result = await model.backend.call('join', joinPayload(asker));
    setBusy(false);
    if (result.ok) return;
    if (asksForToken(result.problem)) model.dialog.value = { kind: 'token', manager: asker, refusal: null };
    else tellOfJoin(model, result.problem);
  };
  return { join, busy };
}
