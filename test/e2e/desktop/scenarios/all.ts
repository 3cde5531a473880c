import type { Launch } from './app-under-test.ts';
import { joiningScenarios } from './joining.ts';
import { leavingScenarios } from './leaving.ts';
import { useOffice } from './office.ts';
import { settingsScenarios } from './settings.ts';
import { troubleScenarios } from './trouble.ts';

/** Everything that the app is to be seen doing from its start to its end, whatever it runs in. */
export function allScenarios(launch: Launch): void {
  const office = useOffice();
  joiningScenarios(office, launch);
  leavingScenarios(office, launch);
  settingsScenarios(office, launch);
  troubleScenarios(office, launch);
}
