import { switchOn, usage } from '../../engine/base/settings-given.ts';
import type { ControlClient } from '../../engine/index.ts';
import type { PurgeRequest } from '../../engine/protocol/control.ts';
import type { Answer } from './ask.ts';
import { type ClientArguments, type CommandOption, takesNoMore } from './client-options.ts';

export const PURGE_OPTIONS = {
  prefix: { arg: 'P', help: 'everything whose path begins so' },
  tag: { arg: 'T', help: 'everything that carries this tag' },
  group: { arg: 'G', help: 'a whole group' },
  soft: { help: 'make stale instead of dropping: it is asked for again, and may be served when the origin is away' },
} as const satisfies Record<string, CommandOption>;

/** `potluck purge <url | --prefix P | --tag T | --group G> [--soft]`. */
export async function purge(client: ControlClient, given: ClientArguments): Promise<Answer> {
  const request = purgeRequest(given);
  const answer = await client.purge(request);
  return { json: answer, text: `${answer.purged} purged\n` };
}

/** Reads what is to be purged: exactly one thing. Throws POTLUCK_USAGE. */
export function purgeRequest({ rest, options }: Pick<ClientArguments, 'rest' | 'options'>): PurgeRequest {
  takesNoMore(rest, 1);
  const [url] = rest;
  const named = (['prefix', 'tag', 'group'] as const).filter((name) => options.has(name));
  const [first] = named;
  const soft = switchOn(options, 'soft') ? { soft: true } : {};
  if (named.length + rest.length !== 1) throw usage('purge takes exactly one of a URL, --prefix, --tag and --group');
  return first === undefined ? { url: url ?? '', ...soft } : { [first]: options.get(first)?.texts[0] ?? '', ...soft };
}
