import { useState } from 'preact/hooks';
import type { NearbyManager } from '../../../engine/protocol/desktop.ts';
import { asksForToken, joinPayload, tellOfJoin } from '../../data/join.ts';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Fingerprint } from '../../parts/texts.tsx';
import { addressOf } from '../../text/fingerprint.ts';
import { TokenEntry } from './token-entry.tsx';

export interface CheckManagerProps {
  readonly manager: NearbyManager;
  readonly link: { readonly key: boolean; readonly token: string | null };
  readonly onBack: () => void;
  readonly onClose: () => void;
}

/** Who answered, with the key that it will be known by from now on. */
export function CheckManager({ manager, link, onBack, onClose }: CheckManagerProps) {
  const model = useModel();
  const words = model.words.value;
  const [token, setToken] = useState(link.token ?? '');
  const [inFile, setInFile] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [asks, setAsks] = useState(manager.tokenRequired);
  const missing = asks && !manager.known && token === '';
  const join = async () => {
    if (busy || missing) return;
    setBusy(true);
    setRefused(null);
    const result = await model.backend.call('join', joinPayload(manager, token === '' ? undefined : token, inFile));
    setBusy(false);
    if (result.ok) return onClose();
    if (asksForToken(result.problem)) {
      setAsks(true);
      setRefused(result.problem.message);
      return;
    }
    onClose();
    tellOfJoin(model, result.problem);
  };
  const keyHint = manager.known ? words.manager.knownKey : link.key ? words.manager.linkKey : words.manager.checkHint;
  return (
    <Dialog
      title={words.manager.check}
      onClose={onClose}
      onSubmit={() => void join()}
      actions={
        <>
          <Button onClick={onBack}>{words.common.back}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={missing}>
            {words.manager.join}
          </Button>
        </>
      }
    >
      <p>
        <strong>{manager.name}</strong>
        <br />
        {addressOf(manager.url)}
        {manager.members === null ? '' : ` · ${words.home.members(manager.members)}`}
      </p>
      <dl class="facts">
        <dt>{words.home.fingerprint}</dt>
        <dd>
          <Fingerprint value={manager.fingerprint} />
        </dd>
      </dl>
      <p class="hint">{keyHint}</p>
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
