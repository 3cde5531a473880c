import { BlockList, isIP } from 'node:net';

/** `::ffff:192.0.2.1` as `192.0.2.1`, without a zone: what a socket that takes both families says of an IPv4 client. */
export function plainAddress(address: string): string {
  const text = address.replace(/%.*$/, '').toLowerCase();
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/.test(text) ? text.slice(7) : text;
}

/** A set of addresses, given as CIDR blocks. An empty one contains nothing. */
export class AddressSet {
  readonly #list = new BlockList();
  readonly blocks: readonly string[];

  /** `blocks` must have passed `isBlock`. */
  constructor(blocks: readonly string[]) {
    this.blocks = blocks;
    for (const block of blocks) {
      const { address, family, bits } = parseBlock(block) ?? unreachable(block);
      this.#list.addSubnet(address, bits, family);
    }
  }

  /** True where the address, IPv4-mapped or not, lies in one of the blocks. Names and nonsense never do. */
  contains(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  }
}

/** True for `10.0.0.0/8`, `fd00::/8` and single addresses. */
export function isBlock(text: string): boolean {
  return parseBlock(text) !== undefined;
}

function parseBlock(text: string): { address: string; family: 'ipv4' | 'ipv6'; bits: number } | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0 || address.includes('%')) return undefined;
  const width = version === 6 ? 128 : 32;
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= width)) return undefined;
  return { address, family: version === 6 ? 'ipv6' : 'ipv4', bits: bits === undefined ? width : Number(bits) };
}

function unreachable(block: string): never {
  throw new TypeError(`not a CIDR block: ${block}`);
}
