import { ERRORS } from '../base/errors.ts';
import type { Alert, Stats } from '../protocol/control.ts';

/** What wants somebody's eye at a node, told from its figures: an alert lasts as long as its cause. */
export function alertsOf({ store: { disk } }: Stats): Alert[] {
  if (disk === null || disk.writing) return [];
  const code = 'POTLUCK_DISK_FULL';
  return [
    { code, message: `${ERRORS[code].message}: nothing is stored on it until there is; what it holds is served` },
  ];
}
