import { useEffect, useRef, useState } from 'preact/hooks';
import { useModel } from '../data/model.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Switch } from '../parts/choice.tsx';
import { Pot } from '../parts/pot.tsx';
import { Presets } from '../parts/slider.tsx';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const CAPS: readonly (number | null)[] = [5 * MIB, 10 * MIB, 20 * MIB, 50 * MIB, null];
const DISKS: readonly number[] = [1, 2, 5, 10, 20].map((count) => count * GIB);
const STEPS = 3;

/** Three short steps: what it is, how much to bring, how it starts. Nothing is shared by any of them. */
export function FirstRun() {
  const model = useModel();
  const { firstRun, common } = model.words.value;
  const [step, setStep] = useState(0);
  const heading = useRef<HTMLHeadingElement>(null);
  const moved = useRef(false);
  // The reader begins at the new heading; the window's very first one is left alone.
  useEffect(() => {
    if (moved.current) heading.current?.focus({ preventScroll: true });
    heading.current?.closest('main')?.scrollIntoView();
    moved.current = true;
  }, [step]);
  const titles = [firstRun.welcome, firstRun.share, firstRun.start];
  const last = step === STEPS - 1;
  return (
    <main class="first-run">
      <Steps now={step} />
      <h1 tabIndex={-1} ref={heading}>
        {titles[step]}
      </h1>
      <div class="first-run-step">{step === 0 ? <Welcome /> : step === 1 ? <Share /> : <Start />}</div>
      <div class="actions">
        {step === 0 ? null : (
          <Button size="large" kind="quiet" onClick={() => setStep(step - 1)}>
            {common.back}
          </Button>
        )}
        <Button
          kind="primary"
          size="large"
          onClick={() => (last ? void model.change({ firstRunDone: true }) : setStep(step + 1))}
        >
          {last ? firstRun.done : common.next}
        </Button>
      </div>
    </main>
  );
}

function Steps({ now }: { readonly now: number }) {
  const { firstRun } = useModel().words.value;
  return (
    <div class="steps">
      <span class="steps-bar" aria-hidden="true">
        {Array.from({ length: STEPS }, (_, step) => (
          <span key={step} data-done={step <= now} />
        ))}
      </span>
      <p class="hint">{firstRun.step(now + 1, STEPS)}</p>
    </div>
  );
}

function Welcome() {
  const { firstRun } = useModel().words.value;
  return (
    <>
      <div class="first-run-picture">
        <Pot sign="sharing" />
      </div>
      <p>{firstRun.welcomeText}</p>
      <ul class="promises">
        {firstRun.promises.map((promise) => (
          <li key={promise}>{promise}</li>
        ))}
      </ul>
    </>
  );
}

function Share() {
  const model = useModel();
  const { firstRun, limits } = model.words.value;
  const format = model.format.value;
  const { uploadCap, disk, conditions } = model.settings.value;
  const { freeDisk } = model.state.value;
  const pauses = conditions.battery === 'pause' && conditions.metered === 'pause' && conditions.vpn === 'pause';
  const write = (size: number) => (size === 0 ? limits.off : format.bytes(size));
  const disks = [...new Set([disk, ...DISKS])].filter((size) => size === disk || size <= (freeDisk ?? size));
  return (
    <>
      <p>{firstRun.shareText}</p>
      <Card title={firstRun.shareUpload}>
        <Presets
          label={firstRun.shareUpload}
          presets={CAPS.map((value) => ({ value, label: value === null ? limits.noLimit : format.rate(value) }))}
          value={uploadCap}
          onChoose={(cap) => void model.change({ uploadCap: cap })}
        />
      </Card>
      <Card title={firstRun.shareDisk} aside={freeDisk === null ? undefined : limits.freeDisk(format.bytes(freeDisk))}>
        <Presets
          label={firstRun.shareDisk}
          presets={disks.sort((one, other) => one - other).map((value) => ({ value, label: write(value) }))}
          value={disk}
          onChoose={(size) => void model.change({ disk: size })}
        />
      </Card>
      <div class="card">
        <Switch
          label={firstRun.shareConditions}
          on={pauses}
          onChange={(on) => {
            const policy = on ? 'pause' : 'serve';
            void model.change({ conditions: { ...conditions, battery: policy, metered: policy, vpn: policy } });
          }}
        />
      </div>
    </>
  );
}

function Start() {
  const model = useModel();
  const { firstRun, settings } = model.words.value;
  const { startAtLogin, joinAutomatically } = model.settings.value;
  const { tray } = model.state.value;
  return (
    <>
      <p>{tray ? firstRun.startText : firstRun.startTextNoTray}</p>
      <div class="card">
        <Switch
          label={settings.startAtLogin}
          hint={tray ? settings.startAtLoginHint : settings.startAtLoginMinimised}
          on={startAtLogin}
          onChange={(on) => void model.change({ startAtLogin: on })}
        />
        <Switch
          label={settings.joinAutomatically}
          hint={settings.joinAutomaticallyHint}
          on={joinAutomatically}
          onChange={(on) => void model.change({ joinAutomatically: on })}
        />
      </div>
    </>
  );
}
