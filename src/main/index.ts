/**
 * The program's entry. It looks at the arguments before anything heavy is loaded. The desktop app is another bundle, which Electron
 * starts (src/main/desktop/index.ts); without arguments this one looks for Electron and hands over, and it never loads anything of it.
 */
import { join } from 'node:path';
import { openDesktop, wantsDesktop } from './cli/desktop.ts';
import { endWithStarter, exitWith, processIo, tolerateClosedPipes } from './cli/process.ts';

async function main(): Promise<void> {
  tolerateClosedPipes();
  endWithStarter();
  const io = processIo();
  const argv = process.argv.slice(2);
  if (wantsDesktop(argv)) {
    const { versions, execPath } = process;
    const root = join(import.meta.dirname, '..');
    exitWith(await openDesktop(argv, io, { root, electron: versions['electron'], execPath }));
    return;
  }
  const { runCommandLine } = await import('./cli/run.ts');
  exitWith(await runCommandLine(argv, io, () => import('../engine/index.ts')));
}

await main();
