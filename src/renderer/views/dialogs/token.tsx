import { useState } from 'preact/hooks';
import { asksForToken, joinPayload, tellOfJoin } from '../../data/join.ts';
import { type TokenAsker, useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { TokenEntry } from './token-entry.tsx';

export interface TokenDialogProps {
  readonly manager: TokenAsker;
  /** What the manager said of the one that was tried; null where none was. */
  readonly refusal: string | null;
  readonly onClose: () => void;
}

/** Asks for the token of a manager that wants one, again and again until it is right. */
export function TokenDialog({ manager, refusal, onClose }: TokenDialogProps) {
  const model = useModel();
  const words = model.words.value;
  const [token, setToken] = useState('');
  const [inFile, setInFile] = useState(false);
  const [refused, setRefused] = useState(refusal);
  const [busy, setBusy] = useState(false);
  const join = async () => {
    if (token === '' || busy) return;
    setBusy(true);
    setRefused(null);
    const result = await model.backend.call('join', joinPayload(manager, token, inFile));
    setBusy(false);
    if (result.ok) onClose();
    else if (asksForToken(result.problem)) setRefused(result.problem.message);
    else {
      onClose();
      tellOfJoin(model, result.problem);
    }
  };
  return (
    <Dialog
      title={words.token.title}
      onClose={onClose}
      onSubmit={() => void join()}
      actions={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={token === ''}>
            {words.manager.join}
          </Button>
        </>
      }
    >
      <p>{words.manager.tokenNeeded(manager.name)}</p>
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
    </Dialog>
  );
}
