import { useModel } from '../../data/model.ts';

/** How much is left of a warm close: downloads, bytes, time. */
export function Remaining() {
  const model = useModel();
  const { home } = model.words.value;
  const { figure, duration } = model.format.value;
  const { peer } = model.state.value;
  if (peer === null || peer.running === 0) return <p class="remaining">{home.remainingNone}</p>;
  const { bytes = null, seconds = null } = peer.remaining ?? {};
  return (
    <dl class="remaining">
      <Part label={home.remaining} value={home.servingCount(peer.running)} />
      {bytes === null ? null : <Part label={home.remainingBytes} value={figure(bytes)} />}
      {seconds === null ? null : <Part label={home.remainingTime} value={home.about(duration(seconds))} />}
    </dl>
  );
}

function Part({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div>
      <dt class="hint">{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
