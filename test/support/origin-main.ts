import { type OriginOptions, startOrigin } from './origin.ts';
import type { OriginCommand } from './origin-process.ts';

/** The origin as a process: settings as JSON in its argument, commands over the IPC channel; it ends when its parent goes. */
const origin = await startOrigin(JSON.parse(process.argv[2] ?? '{}') as OriginOptions);

async function answerTo({ do: what, path = '', file }: OriginCommand): Promise<unknown> {
  if (what === 'stats') return origin.stats;
  if (what === 'reset') return origin.stats.reset();
  if (what === 'sha256') return origin.expectedSha256(path);
  if (what === 'set') return origin.set(path, file ?? {});
  return origin.replace(path);
}

process.on('message', (command: OriginCommand) => {
  void answerTo(command).then((answer) => process.send?.({ id: command.id, answer: answer ?? null }));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ id: 0, answer: origin.url });
