import { networkInterfaces } from 'node:os';

/**
 * The addresses of this machine, in one line: another line is another network, or a tunnel that has come or gone. Electron has no event
 * for that. Addresses that every link gives itself are left out: those of containers come and go all the time.
 */
export function networkNow(): string {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
      .map(({ address }) => `${name} ${address}`),
  );
  return all.sort().join(', ');
}
