import { inOneHour, untilTomorrow } from '../../../engine/protocol/desktop-pause.ts';
import { useModel } from '../../data/model.ts';
import { Button } from '../../parts/button.tsx';
import { MenuButton } from '../../parts/menu-button.tsx';

/** What can be overridden by hand; what the administrator has switched off cannot. */
const OVERRIDABLE = ['hours', 'battery', 'metered', 'vpn', 'busy'] as const;

/** What there is to do in the present state. Leaving is always among it. */
export function HeroActions() {
  const { app, holds } = useModel().state.value;
  switch (app) {
    case 'idle':
      return null;
    case 'joining':
      return (
        <div class="actions">
          <LeaveNow stop />
        </div>
      );
    case 'failed':
      return (
        <div class="actions">
          <Restart />
        </div>
      );
    case 'draining':
      return (
        <div class="actions">
          <LeaveNow />
        </div>
      );
    case 'holding':
      return (
        <div class="actions">
          {holds.includes('user') ? <Resume /> : <Override />}
          <Leave />
        </div>
      );
    default:
      return (
        <div class="actions">
          {app === 'sharing' ? <Pause /> : null}
          <Leave />
        </div>
      );
  }
}

function Pause() {
  const model = useModel();
  const { home } = model.words.value;
  return (
    <MenuButton
      label={home.pause}
      items={[
        { label: home.pauseHour, onChoose: () => void model.act('pause', { until: inOneHour(Date.now()) }) },
        { label: home.pauseTomorrow, onChoose: () => void model.act('pause', { until: untilTomorrow(Date.now()) }) },
      ]}
    />
  );
}

function Resume() {
  const model = useModel();
  return (
    <Button kind="primary" onClick={() => void model.act('pause', { until: null })}>
      {model.words.value.home.resume}
    </Button>
  );
}

/** Serves in spite of everything that holds now; each of them until it changes. */
function Override() {
  const model = useModel();
  const { holds } = model.state.value;
  const conditions = OVERRIDABLE.filter((condition) => holds.includes(condition));
  if (conditions.length === 0 || holds.includes('disabled')) return null;
  const override = async () => {
    for (const condition of conditions) {
      const result = await model.act('override', { condition });
      if (!result.ok) return;
    }
  };
  return (
    <Button kind="primary" onClick={() => void override()}>
      {model.words.value.home.override}
    </Button>
  );
}

function Leave() {
  const model = useModel();
  return <Button onClick={() => void model.act('leave', { cold: false })}>{model.words.value.home.leave}</Button>;
}

/** `stop`: nothing runs yet that could be cut. */
function LeaveNow({ stop = false }: { readonly stop?: boolean }) {
  const model = useModel();
  const { home } = model.words.value;
  return (
    <>
      <Button kind={stop ? 'plain' : 'caution'} onClick={() => void model.act('leave', { cold: true })}>
        {stop ? home.stopJoining : home.leaveNow}
      </Button>
      {stop ? null : <span class="hint">{home.leaveNowHint}</span>}
    </>
  );
}

function Restart() {
  const model = useModel();
  return (
    <Button kind="primary" onClick={() => void model.act('restartEngine', null)}>
      {model.words.value.home.restart}
    </Button>
  );
}
