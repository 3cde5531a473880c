import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * Passwords are kept as salted scrypt hashes (RFC 7914) in the PHC string format:
 * `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`, both in base64 without padding.
 */
const FORMAT = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z\d+/]+)\$([A-Za-z\d+/]+)$/;

/** 32 MiB and some 80 ms: what OWASP's cheat sheet calls for, one step below its maximum. */
const COST = { ln: 15, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

interface Cost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** A new salted hash of a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, HASH_BYTES, COST);
  return `$scrypt$ln=${COST.ln},r=${COST.r},p=${COST.p}$${plain64(salt)}$${plain64(hash)}`;
}

/** True where the password belongs to the hash. A malformed hash belongs to none. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const match = FORMAT.exec(phc);
  if (match === null) return false;
  const cost = { ln: Number(match[1]), r: Number(match[2]), p: Number(match[3]) };
  const expected = Buffer.from(match[5] ?? '', 'base64');
  if (expected.length < 16) return false;
  const actual = await derive(password, Buffer.from(match[4] ?? '', 'base64'), expected.length, cost);
  return timingSafeEqual(actual, expected);
}

function derive(password: string, salt: Buffer, length: number, { ln, r, p }: Cost): Promise<Buffer> {
  // The memory limit is what the cost needs (RFC 7914 section 6) and a little more.
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: 128 * r * (2 ** ln + p + 2) };
  return new Promise((resolve, reject) => {
    // NFC, so that the same password typed on another system is the same (RFC 7617 section 2.1 with RFC 8265).
    scrypt(password.normalize('NFC'), salt, length, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function plain64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
