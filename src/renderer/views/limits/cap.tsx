import { useDraft } from '../../data/draft.ts';
import { useModel } from '../../data/model.ts';
import { Card } from '../../parts/card.tsx';
import { ValueEntry } from '../../parts/entry.tsx';
import { Presets, Slider } from '../../parts/slider.tsx';
import { parseRate } from '../../text/amount.ts';
import { positionOf, RATE_PRESETS, RATE_STOPS, valueAt } from '../../text/scale.ts';

export interface CapProps {
  readonly which: 'uploadCap' | 'downloadCap';
  readonly title: string;
  readonly hint: string;
}

/** A cap: dragged, chosen or typed. Bytes a second; null is none. */
export function Cap({ which, title, hint }: CapProps) {
  const model = useModel();
  const { limits } = model.words.value;
  const { rate } = model.format.value;
  const { shown, set } = useDraft<number | null>(model.settings.value[which], (cap) => model.change({ [which]: cap }));
  const write = (cap: number | null) => (cap === null ? limits.noLimit : rate(cap));
  return (
    <Card
      title={title}
      hint={hint}
      aside={
        <ValueEntry
          label={`${title}: ${limits.rateEntry}`}
          value={shown}
          write={write}
          parse={parseRate}
          error={limits.badRate}
          onChange={set}
        />
      }
    >
      <Slider
        label={title}
        position={positionOf(shown, RATE_STOPS)}
        last={RATE_STOPS.length}
        text={write(shown)}
        onMove={(position) => set(valueAt(position, RATE_STOPS))}
      />
      <Presets
        label={`${title}: ${limits.presets}`}
        presets={RATE_PRESETS.map((value) => ({ value, label: write(value) }))}
        value={shown}
        onChoose={set}
      />
    </Card>
  );
}
