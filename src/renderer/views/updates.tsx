import { useState } from 'preact/hooks';
import type { DesktopSettings, UpdateState } from '../../engine/protocol/desktop.ts';
import { useModel } from '../data/model.ts';
import { Progress } from '../parts/bars.tsx';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Select } from '../parts/choice.tsx';
import { ScrollText } from '../parts/texts.tsx';
import { problemLine, type Words } from '../words/words.ts';

const POLICIES: readonly DesktopSettings['updates'][] = ['ask', 'download', 'install', 'off'];

/** New versions: looked for, downloaded and installed by a click each, unless the person has chosen otherwise. */
export function Updates() {
  const model = useModel();
  const { settings, common } = model.words.value;
  const { update } = model.state.value;
  const text = phaseText(settings.phase, update);
  const reason = reasonText(model.words.value, update);
  const share = update.progress;
  const progress = share === null ? common.unknown : model.format.value.percent(share);
  return (
    <Card title={settings.updates} hint={settings.updatesHint}>
      <div class="update">
        <div>
          <p>{text}</p>
          {reason === null ? null : <p class="hint">{reason}</p>}
        </div>
        {share === null ? null : <span class="hint">{progress}</span>}
        <Step update={update} />
      </div>
      {update.phase === 'downloading' ? <Progress label={text} share={share} text={progress} /> : null}
      {update.notes === null ? null : (
        <div>
          <p class="hint">{settings.whatIsNew(update.version ?? '')}</p>
          <ScrollText label={settings.whatIsNew(update.version ?? '')} text={update.notes} />
        </div>
      )}
      <Select
        label={settings.updateWhen}
        options={POLICIES.map((value) => ({ value, label: settings.updatePolicy[value] }))}
        value={model.settings.value.updates}
        onChange={(updates) => void model.change({ updates })}
      />
    </Card>
  );
}

function phaseText(phases: Words['settings']['phase'], { phase, version }: UpdateState): string {
  const words = phases[phase];
  return typeof words === 'string' ? words : words(version ?? '');
}

/** Why they are off, or what has failed. */
function reasonText(words: Words, { off, problem }: UpdateState): string | null {
  if (off !== null) return words.settings.off[off];
  return problem === null ? null : problemLine(words, problem);
}

function Step({ update: { phase, version } }: { readonly update: UpdateState }) {
  const model = useModel();
  const { settings } = model.words.value;
  const steps = {
    none: { step: 'check', label: settings.check },
    failed: { step: 'check', label: settings.check },
    available: { step: 'download', label: settings.download(version ?? '') },
    ready: { step: 'install', label: settings.install(version ?? '') },
  } as const;
  const [busy, setBusy] = useState(false);
  if (phase !== 'none' && phase !== 'failed' && phase !== 'available' && phase !== 'ready') return null;
  const { step, label } = steps[phase];
  const take = async () => {
    setBusy(true);
    const result = await model.act('update', { step });
    setBusy(false);
    // Where nothing was found, nothing in the view changes: without a word it would look as if nothing had happened.
    if (result.ok && step === 'check') model.done(settings.checked);
  };
  return (
    <Button kind={step === 'check' ? 'plain' : 'primary'} busy={busy} onClick={() => void take()}>
      {busy && step === 'check' ? settings.checking : label}
    </Button>
  );
}
