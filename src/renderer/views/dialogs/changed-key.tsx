import { useState } from 'preact/hooks';
import type { ChangedKey } from '../../../engine/protocol/desktop.ts';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Tick } from '../../parts/choice.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Fingerprint } from '../../parts/texts.tsx';
import { addressOf } from '../../text/fingerprint.ts';

export interface ChangedKeyProps {
  readonly changed: ChangedKey;
  readonly onClose: () => void;
}

/** The loudest word of the app: whoever answers there is not who was trusted. The new key is taken only by somebody who says that they asked. */
export function ChangedKeyDialog({ changed, onClose }: ChangedKeyProps) {
  const model = useModel();
  const words = model.words.value.key;
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const putAside = () => {
    model.keyPutAside.value = changed.now;
    onClose();
  };
  const trust = async () => {
    setBusy(true);
    const result = await model.act('trustChangedKey', { url: changed.url, fingerprint: changed.now });
    setBusy(false);
    if (result.ok) putAside();
  };
  return (
    <Dialog
      title={words.title}
      tone="warning"
      onClose={putAside}
      actions={
        <>
          <Button kind="primary" onClick={putAside}>
            {words.no}
          </Button>
          <Button kind="danger" busy={busy} disabled={!sure} onClick={() => void trust()}>
            {words.trust}
          </Button>
        </>
      }
    >
      <p>{words.text(`${changed.name} (${addressOf(changed.url)})`)}</p>
      <dl class="facts">
        <dt>{changed.since === '' ? words.expected : words.pinned(model.format.value.date(changed.since))}</dt>
        <dd>
          <Fingerprint value={changed.pinned} against={changed.now} />
        </dd>
        <dt>{words.now}</dt>
        <dd>
          <Fingerprint value={changed.now} against={changed.pinned} />
        </dd>
      </dl>
      <p class="hint">{words.differs}</p>
      <Tick label={words.compare} on={sure} onChange={setSure} />
    </Dialog>
  );
}
