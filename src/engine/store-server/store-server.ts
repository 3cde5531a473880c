import { hostname } from 'node:os';
import { systemClock } from '../base/clock.ts';
import { CloseStack, startOrClose } from '../base/lifecycle.ts';
import type { FaceOptions, RunningNode } from '../base/running.ts';
import type { StoreSettings } from '../base/settings.ts';
import { openStateFolder } from '../base/state-folder.ts';
import { Throttle } from '../rate/throttle.ts';
import { makeStore } from './open-store.ts';
import { StorePorts } from './store-ports.ts';

/** Starts a store: opens its folder, reads its index, listens. Rejects with what kept it from that; everything that was opened is closed by then. */
export async function startStore(settings: StoreSettings, options: FaceOptions): Promise<RunningNode> {
  const { log, access, signal } = options;
  const clock = systemClock;
  openStateFolder(settings.state);
  const stack = new CloseStack();
  let ports: StorePorts | undefined;
  await startOrClose(stack, async () => {
    const store = stack.use(makeStore({ clock, log }, settings));
    await store.start({ signal });
    const upload = new Throttle({ clock }, { rate: settings.uploadCap });
    const download = new Throttle({ clock }, { rate: settings.downloadCap });
    ports = new StorePorts({ store, upload, download, access, clock, log, stack }, settings, {
      name: nameOf(hostname()),
    });
    await ports.start();
  });
  return ports as StorePorts;
}

/** This store in Via and Cache-Status: a token (RFC 9110 section 5.6.2). */
function nameOf(host: string): string {
  const plain = host.replace(/[^A-Za-z0-9.-]/g, '');
  return plain === '' ? 'potluck-store' : `potluck-${plain}`;
}
