import { useState } from 'preact/hooks';
import type { NearbyManager } from '../../../engine/protocol/desktop.ts';
import { tellOfJoin } from '../../data/join.ts';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Entry } from '../../parts/entry.tsx';
import { problemText } from '../../words/words.ts';
import { CheckManager } from './check-manager.tsx';

/** A manager by its address or a join link: first it is asked who it is, and joined after a look at its key. */
export function ByHand({ onClose }: { readonly onClose: () => void }) {
  const model = useModel();
  const words = model.words.value;
  const [address, setAddress] = useState('');
  const [found, setFound] = useState<NearbyManager | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const look = async () => {
    if (address.trim() === '' || busy) return;
    setBusy(true);
    setError(null);
    const result = await model.backend.call('inspect', { address: bare(address) });
    setBusy(false);
    if (result.ok) return setFound(result.value);
    setError(problemText(words, result.problem));
    if (result.problem.code === 'POTLUCK_KEY_CHANGED') tellOfJoin(model, result.problem);
  };
  if (found !== null)
    return <CheckManager manager={found} link={linkOf(address)} onBack={() => setFound(null)} onClose={onClose} />;
  return (
    <Dialog
      title={words.manager.title}
      onClose={onClose}
      onSubmit={() => void look()}
      actions={
        <>
          <Button onClick={onClose}>{words.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={address.trim() === ''}>
            {busy ? words.manager.looking : words.manager.look}
          </Button>
        </>
      }
    >
      <Entry
        label={words.manager.address}
        hint={words.manager.addressHint}
        value={address}
        error={error}
        autoFocus
        onInput={(text) => {
          setAddress(text);
          setError(null);
        }}
      />
    </Dialog>
  );
}

/** Without what a mail or a chat has put around it. */
function bare(address: string): string {
  return address.replace(/^[\s<"'“‘]+|[\s>"'”’]+$/g, '');
}

/** What a join link brings along: whether it names a key, and its token. */
export interface LinkParts {
  readonly key: boolean;
  readonly token: string | null;
}

function linkOf(address: string): LinkParts {
  const text = bare(address).replace(/\s+/g, '');
  if (!text.toLowerCase().startsWith('potluck:') || !URL.canParse(text)) return { key: false, token: null };
  const { searchParams } = new URL(text);
  return { key: searchParams.has('key'), token: searchParams.get('token') };
}
