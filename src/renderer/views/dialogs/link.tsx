import { useState } from 'preact/hooks';
import type { PendingLink } from '../../../engine/protocol/desktop.ts';
import { asksForToken, tellOfJoin } from '../../data/join.ts';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Fingerprint } from '../../parts/texts.tsx';
import { addressOf } from '../../text/fingerprint.ts';

/** A join link asks; nothing is joined without a yes. */
export function LinkDialog({ link }: { readonly link: PendingLink }) {
  const model = useModel();
  const words = model.words.value.link;
  const joined = model.state.value.peer?.manager ?? null;
  const [busy, setBusy] = useState(false);
  const answer = async (accept: boolean) => {
    if (busy) return;
    setBusy(true);
    const result = await model.backend.call('answerLink', { accept });
    setBusy(false);
    if (result.ok) return;
    const { url, fingerprint, hasToken } = link;
    const manager = { url, name: addressOf(url), ...(fingerprint === null ? {} : { fingerprint }) };
    if (asksForToken(result.problem))
      model.dialog.value = { kind: 'token', manager, refusal: hasToken ? result.problem.message : null };
    else tellOfJoin(model, result.problem);
  };
  return (
    <Dialog
      title={words.title}
      onClose={() => void answer(false)}
      actions={
        <>
          <Button onClick={() => void answer(false)}>{words.no}</Button>
          <Button kind="primary" busy={busy} onClick={() => void answer(true)}>
            {words.yes}
          </Button>
        </>
      }
    >
      <p>{words.text}</p>
      <dl class="facts">
        <dt>{words.address}</dt>
        <dd>{link.url}</dd>
        <dt>{words.key}</dt>
        <dd>{link.fingerprint === null ? words.noKey : <Fingerprint value={link.fingerprint} />}</dd>
      </dl>
      {link.hasToken ? <p class="hint">{words.hasToken}</p> : null}
      {joined === null || joined.fingerprint === link.fingerprint ? null : <p>{words.leaves(joined.name)}</p>}
    </Dialog>
  );
}
