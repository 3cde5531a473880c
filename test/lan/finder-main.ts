import { systemClock } from '../../src/engine/base/clock.ts';
import { silentLog } from '../../src/engine/base/log.ts';
import { Finder } from '../../src/engine/discovery/finder.ts';

/** Prints the managers that are seen, one line of JSON per change, each with the milliseconds since the start. */
const finder = new Finder({ log: silentLog, clock: systemClock });
finder.subscribe((managers) => {
  const seen = managers.map(({ name, fingerprint, url, addresses }) => {
    return { name, fingerprint, url, urls: addresses.map((address) => address.url) };
  });
  console.log(JSON.stringify({ after: Math.round(process.uptime() * 1000), seen }));
});
await finder.start();
