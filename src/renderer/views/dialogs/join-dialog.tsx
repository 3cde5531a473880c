import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { asksForToken, joinPayload, tellOfJoin } from '../../data/join.ts';
import { type TokenAsker, useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { problemDetail } from '../../words/words.ts';
import { TokenEntry } from './token-entry.tsx';

export interface JoinDialogProps {
  readonly title: string;
  readonly manager: TokenAsker;
  /** The manager wants a token. If it does not, and refuses all the same, it is asked for then. */
  readonly asks: boolean;
  /** The token of an earlier time is kept by the app: none need be entered. */
  readonly kept: boolean;
  /** What a join link brought along; empty: nothing. */
  readonly token?: string;
  /** What the manager said of the token that was tried; null where none was. */
  readonly refusal?: string | null;
  readonly onClose: () => void;
  /** The way out, beside Join. */
  readonly out: ComponentChildren;
  /** Who is joined. */
  readonly children?: ComponentChildren;
}

/** Joins a manager, and asks for its token again and again until it is right. */
export function JoinDialog(props: JoinDialogProps) {
  const { title, manager, kept, onClose, out, children } = props;
  const model = useModel();
  const [token, setToken] = useState(props.token ?? '');
  const [inFile, setInFile] = useState(false);
  const [asks, setAsks] = useState(props.asks);
  const [refused, setRefused] = useState(props.refusal ?? null);
  const [busy, setBusy] = useState(false);
  const gone = useRef(false);
  useEffect(
    () => () => {
      gone.current = true;
    },
    [],
  );

  const missing = asks && !kept && token === '';
  const join = async () => {
    if (busy || missing) return;
    setBusy(true);
    setRefused(null);
    // A manager that asks for no token could not prove that it knows the link's.
    const given = asks && token !== '' ? token : undefined;
    const result = await model.backend.call('join', joinPayload(manager, given, inFile));
    setBusy(false);
    const again = !result.ok && asksForToken(result.problem) && !gone.current;
    if (again) {
      setAsks(true);
      setRefused(problemDetail(model.words.peek(), result.problem) ?? result.problem.message);
      return;
    }
    // Put away meanwhile, it is not this dialog that would be closed.
    if (!gone.current) onClose();
    if (!result.ok) tellOfJoin(model, result.problem);
  };

  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={() => void join()}
      actions={
        <>
          {out}
          <Button kind="primary" type="submit" busy={busy} disabled={missing}>
            {model.words.value.manager.join}
          </Button>
        </>
      }
    >
      {children}
      {asks ? (
        <TokenEntry
          token={token}
          onToken={(text) => {
            setToken(text);
            setRefused(null);
          }}
          inFile={inFile}
          onInFile={setInFile}
          refusal={refused}
          autoFocus
        />
      ) : null}
    </Dialog>
  );
}
