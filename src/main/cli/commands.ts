import type { ControlClient } from '../../engine/index.ts';
import { type Answer, askNodes, askStats, askStatus } from './ask.ts';
import { CLIENT_OPTIONS, type ClientArguments, type CommandOption, readClientArguments } from './client-options.ts';
import { GET_OPTIONS, GET_SYNOPSIS, runGet } from './commands/get.ts';
import { PASSWORD_OPTIONS, runPassword } from './commands/password.ts';
import type { Io, LoadEngine } from './io.ts';
import { LEAVE_OPTIONS, leave } from './leave.ts';
import { PURGE_OPTIONS, purge } from './purge.ts';

/** A client command: a word after `potluck`. */
export interface Command {
  /** What follows the word, for the help text. */
  readonly synopsis: string;
  readonly help: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Runs it; the exit code. Throws PotluckError. */
  readonly run: (argv: readonly string[], io: Io, loadEngine: LoadEngine) => Promise<number>;
}

/** Every client command. Another one is another entry. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  get: {
    synopsis: GET_SYNOPSIS,
    help: 'download from several peers at once; verified, resumable, with a progress bar',
    options: GET_OPTIONS,
    run: runGet,
  },
  status: asking('', 'is a manager or peer running here, and is all well with it?', {}, askStatus),
  nodes: asking('', 'the members of the cluster', {}, askNodes),
  stats: asking('', 'what it has done since it started', {}, askStats),
  leave: asking('[--cold]', 'ask it to leave: running downloads finish first', LEAVE_OPTIONS, leave),
  purge: asking(
    '<url | --prefix P | --tag T | --group G> [--soft]',
    'forget what is cached, everywhere',
    PURGE_OPTIONS,
    purge,
  ),
  password: {
    synopsis: '',
    help: 'read a password, print its salted hash for --password-hash',
    options: PASSWORD_OPTIONS,
    run: runPassword,
  },
};

/** Commands of the contract whose subject this build does not have. */
export const LATER_COMMANDS: Readonly<Record<string, string>> = {
  push: 'pushing files',
  promote: 'several managers',
};

type Ask = (client: ControlClient, given: ClientArguments, io: Io) => Promise<Answer>;

function asking(synopsis: string, help: string, own: Readonly<Record<string, CommandOption>>, ask: Ask): Command {
  return {
    synopsis,
    help,
    options: { ...own, ...CLIENT_OPTIONS },
    run: async (argv, io, loadEngine) => {
      const given = readClientArguments(argv, own, io);
      const { ControlClient: Client } = await loadEngine();
      const client = new Client({ urls: given.urls, token: given.token });
      try {
        const answer = await ask(client, given, io);
        io.stdout(given.json ? `${JSON.stringify(answer.json)}\n` : answer.text);
        return 0;
      } finally {
        await client.close();
      }
    },
  };
}
