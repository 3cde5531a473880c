import { Desktop } from '../../support/electron/app.ts';
import { DoubleApp } from './double-app.ts';
import { allScenarios } from './scenarios/all.ts';
import { useStage } from './stage.ts';

const start = useStage();

allScenarios(async ({ userData, args = [] }) => {
  const desktop = new Desktop();
  const { desk, host } = await start({ folder: userData, argv: args, desktop, systemNetworks: true });
  return new DoubleApp(desk, host, desktop);
});
