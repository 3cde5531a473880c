import { useModel } from '../../data/model.ts';
import { Contribution } from './contribution.tsx';
import { Downloads } from './downloads.tsx';
import { FirewallHelp } from './firewall.tsx';
import { Hero } from './hero.tsx';
import { Nearby } from './nearby.tsx';
import { Throughput } from './throughput.tsx';
import { Warnings } from './warnings.tsx';

/** Where it stands and what to do about it. */
export function Home() {
  const model = useModel();
  const { app, peer, allTime } = model.state.value;
  return (
    <>
      <Warnings />
      <Hero />
      {app === 'idle' ? <Nearby /> : null}
      {app === 'unreachable' ? <FirewallHelp /> : null}
      {peer !== null && app !== 'joining' && app !== 'failed' ? (
        <>
          <Throughput />
          <Downloads />
        </>
      ) : null}
      {peer !== null || allTime.served > 0 ? <Contribution /> : null}
    </>
  );
}
