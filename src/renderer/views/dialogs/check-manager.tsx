import type { NearbyManager } from '../../../engine/protocol/desktop.ts';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Fingerprint } from '../../parts/texts.tsx';
import { addressOf } from '../../text/fingerprint.ts';
import { JoinDialog } from './join-dialog.tsx';

export interface CheckManagerProps {
  readonly manager: NearbyManager;
  readonly link: { readonly key: boolean; readonly token: string | null };
  readonly onBack: () => void;
  readonly onClose: () => void;
}

/** Who answered, with the key that it will be known by from now on. */
export function CheckManager({ manager, link, onBack, onClose }: CheckManagerProps) {
  const words = useModel().words.value;
  const keyHint = manager.known ? words.manager.knownKey : link.key ? words.manager.linkKey : words.manager.checkHint;
  return (
    <JoinDialog
      title={words.manager.check}
      manager={manager}
      asks={manager.tokenRequired}
      kept={manager.known}
      token={link.token ?? ''}
      onClose={onClose}
      out={<Button onClick={onBack}>{words.common.back}</Button>}
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
    </JoinDialog>
  );
}
