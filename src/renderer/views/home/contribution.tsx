import { useModel } from '../../data/model.ts';
import { Card } from '../../parts/card.tsx';

/** What this computer has done for the others. */
export function Contribution() {
  const model = useModel();
  const { today, allTime, peer } = model.state.value;
  const { home } = model.words.value;
  const format = model.format.value;
  return (
    <Card title={home.contribution}>
      <dl class="sums">
        <Sum label={home.today} served={today.served} saved={today.saved} />
        <Sum label={home.allTime} served={allTime.served} saved={allTime.saved} />
      </dl>
      {peer !== null && peer.totals.requests > 0 ? (
        <p class="hint">{home.fromCache(format.percent(peer.totals.hits / peer.totals.requests))}</p>
      ) : null}
    </Card>
  );
}

function Sum({ label, served, saved }: { readonly label: string; readonly served: number; readonly saved: number }) {
  const model = useModel();
  const { home } = model.words.value;
  const { figure } = model.format.value;
  return (
    <div class="sum">
      <dt>{label}</dt>
      <dd>
        <strong>{figure(served)}</strong> {home.served}
      </dd>
      <dd class="hint">{home.saved(figure(saved))}</dd>
    </div>
  );
}
