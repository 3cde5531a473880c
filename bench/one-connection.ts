import { run } from '../test/support/process.ts';
import { CLIENT_CORE, pinned } from './cores.ts';

const TIMEOUT = 120_000;

/** Bytes a second of one connection that pulls a whole file and drops it: curl on the client's core. Throws where it is not whole. */
export async function pullOnce(url: string, size: number): Promise<number> {
  const info = '%{http_code} %{size_download} %{speed_download}';
  const args = ['curl', '-q', '-sS', '--noproxy', '*', '-o', '/dev/null', '-w', info, url];
  const [command = '', ...rest] = pinned(CLIENT_CORE, args);
  const { code, stdout, stderr } = await run(command, rest, { timeout: TIMEOUT });
  const [status, bytes, speed] = stdout.split(' ').map(Number);
  if (code !== 0 || status !== 200 || bytes !== size)
    throw new Error(`curl ${url}: ${status}, ${bytes} bytes ${stderr}`);
  return speed ?? 0;
}
