import { describe, it } from 'vitest';
import type { RunningPeer } from '../../src/engine/index.ts';
import { startPeer } from '../../src/engine/index.ts';
import { DoubleApp } from '../e2e/desktop/double-app.ts';
import { useOffice } from '../e2e/desktop/scenarios/office.ts';
import { holdLimit } from '../e2e/desktop/scenarios/settings.ts';
import { useStage } from '../e2e/desktop/stage.ts';
import { Desktop } from '../support/electron/app.ts';

const start = useStage();

describe('an upload limit that is changed in the window', () => {
  const office = useOffice();

  let peer: RunningPeer | undefined;

  it('is obeyed within a twentieth, in every second that begins a second later', () =>
    holdLimit(
      office(),
      async ({ userData, args = [] }) => {
        const desktop = new Desktop();
        const remembered: typeof startPeer = async (...around) => {
          peer = await startPeer(...around);
          return peer;
        };
        const { desk, host } = await start({
          folder: userData,
          argv: args,
          desktop,
          systemNetworks: true,
          startPeer: remembered,
        });
        return new DoubleApp(desk, host, desktop);
      },
      { tolerance: 0.05, fromBelow: true, enough: 10, sent: () => peer?.snapshot().totals.served ?? 0 },
    ));
});
