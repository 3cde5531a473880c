import { useModel } from '../../data/model.ts';
import { Card } from '../../parts/card.tsx';
import { Curve } from '../../parts/curve.tsx';
import { Icon } from '../../parts/icon.tsx';

/** How much goes up and down, now and in the last two minutes. */
export function Throughput() {
  const model = useModel();
  const { peer, curve } = model.state.value;
  const { home } = model.words.value;
  const { rate, speed } = model.format.value;
  if (peer === null) return null;
  return (
    <Card title={home.throughput} aside={<span class="hint">{home.throughputHint}</span>}>
      <div class="rates">
        <Rate kind="up" label={home.up} value={speed(peer.uploadRate)} cap={peer.uploadCap} />
        <Rate kind="down" label={home.down} value={speed(peer.downloadRate)} cap={peer.downloadCap} />
      </div>
      <Curve
        up={curve.up}
        down={curve.down}
        label={home.curve(speed(peer.uploadRate), speed(peer.downloadRate))}
        rate={rate}
        look={`${model.dark.value} ${model.language.value}`}
      />
    </Card>
  );
}

interface RateProps {
  readonly kind: 'up' | 'down';
  readonly label: string;
  readonly value: string;
  readonly cap: number | null;
}

function Rate({ kind, label, value, cap }: RateProps) {
  const model = useModel();
  return (
    <div class="rate" data-kind={kind}>
      <span class="rate-label">
        <Icon name={kind} />
        {label}
        {cap === null ? null : <span class="hint">{model.words.value.home.capped(model.format.value.rate(cap))}</span>}
      </span>
      <strong>{value}</strong>
    </div>
  );
}
