import { useState } from 'preact/hooks';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';

export function ClearCache({ onClose }: { readonly onClose: () => void }) {
  const model = useModel();
  const { limits, common } = model.words.value;
  const { peer } = model.state.value;
  const [busy, setBusy] = useState(false);
  const clear = async () => {
    setBusy(true);
    const result = await model.act('clearCache', null);
    onClose();
    if (result.ok) model.done(limits.cleared);
  };
  return (
    <Dialog
      title={limits.clearTitle}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button kind="danger" busy={busy} onClick={() => void clear()}>
            {limits.clearYes}
          </Button>
        </>
      }
    >
      {/* How much lies on the disk is known while a peer has it open. */}
      <p>{limits.clearText(peer === null ? null : model.format.value.bytes(peer.memory.used + peer.disk.used))}</p>
    </Dialog>
  );
}
