/**
 * The program's entry. It looks at the arguments before anything heavy is loaded; the desktop app, once there is one, begins where
 * there are none, and nothing of it is loaded for the faces without a desktop.
 */
import { endWithStarter, exitWith, processIo, tolerateClosedPipes } from './cli/process.ts';

async function main(): Promise<void> {
  tolerateClosedPipes();
  endWithStarter();
  const io = processIo();
  const { runCommandLine } = await import('./cli/run.ts');
  exitWith(await runCommandLine(process.argv.slice(2), io, () => import('../engine/index.ts')));
}

await main();
