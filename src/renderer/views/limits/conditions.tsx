import { useId } from 'preact/hooks';
import type { Condition, ConditionPolicy } from '../../../engine/protocol/desktop.ts';
import { useModel } from '../../data/model.ts';
import { Card } from '../../parts/card.tsx';
import { Segments } from '../../parts/choice.tsx';

const CONDITIONS: readonly Condition[] = ['battery', 'metered', 'vpn', 'busy'];
const POLICIES: readonly ConditionPolicy[] = ['serve', 'slower', 'pause'];

/** What to do on battery, on a metered network, over a VPN, while the computer is in use; and whether it is so now. */
export function Conditions() {
  const { limits } = useModel().words.value;
  return (
    <Card title={limits.conditions} hint={limits.conditionsHint}>
      {CONDITIONS.map((condition) => (
        <ConditionRow key={condition} condition={condition} />
      ))}
    </Card>
  );
}

function ConditionRow({ condition }: { readonly condition: Condition }) {
  const model = useModel();
  const { limits } = model.words.value;
  const now = model.state.value.conditions[condition];
  // Without a manager there is no way to one.
  const notYet = condition === 'vpn' && now === 'unknown' && model.state.value.peer === null;
  const { conditions } = model.settings.value;
  const id = useId();
  return (
    <div class="condition">
      <Segments
        label={limits.condition[condition]}
        describedBy={id}
        options={POLICIES.map((value) => ({ value, label: limits.policy[value] }))}
        value={conditions[condition]}
        onChange={(policy) => void model.change({ conditions: { ...conditions, [condition]: policy } })}
      />
      <p class="condition-now" id={id} data-now={now}>
        {notYet ? limits.nowNotJoined : limits.now[now]}
      </p>
    </div>
  );
}
