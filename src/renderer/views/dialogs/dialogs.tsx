import { useModel } from '../../data/model.ts';
import { ByHand } from './by-hand.tsx';
import { ChangedKeyDialog } from './changed-key.tsx';
import { ClearCache } from './clear-cache.tsx';
import { LinkDialog } from './link.tsx';
import { TokenDialog } from './token.tsx';

/** One dialog at a time: first what the state asks, then what the person has opened. */
export function Dialogs() {
  const model = useModel();
  const { changedKey, pendingLink } = model.state.value;
  const open = model.dialog.value;
  const close = () => {
    model.dialog.value = null;
  };
  const asked = changedKey !== null && changedKey.now !== model.keyPutAside.value;
  if (changedKey !== null && (asked || open?.kind === 'changedKey')) {
    return <ChangedKeyDialog key={changedKey.now} changed={changedKey} onClose={close} />;
  }
  if (pendingLink !== null) return <LinkDialog key={pendingLink.url} link={pendingLink} />;
  switch (open?.kind) {
    case 'byHand':
      return <ByHand onClose={close} />;
    case 'token':
      return <TokenDialog key={open.manager.url} manager={open.manager} refusal={open.refusal} onClose={close} />;
    case 'clearCache':
      return <ClearCache onClose={close} />;
    default:
      return null;
  }
}
