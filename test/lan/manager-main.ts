import { silentLog } from '../../src/engine/base/log.ts';
import { Advertiser } from '../../src/engine/discovery/advertiser.ts';
import { FakeManager } from '../engine/discovery/managers.ts';

/** A health endpoint that is announced on every interface of its host: `<name> <port>`. SIGTERM says goodbye. */
const [name = '', port = '0'] = process.argv.slice(2);
const manager = await new FakeManager(name).start(Number(port), '0.0.0.0');
const advertiser = new Advertiser({ log: silentLog }, manager.announced);
await advertiser.start();
console.log(manager.identity.fingerprint);

process.once('SIGTERM', () => {
  void advertiser.close().then(() => process.exit(0));
});
