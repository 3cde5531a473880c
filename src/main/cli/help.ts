import { helpRow, optionsHelp } from '../../engine/base/settings-help.ts';
import { COMMANDS, type Command } from './commands.ts';

/** `potluck --help`: teaches by example first, then lists everything. */
export function generalHelp(): string {
  const commands = Object.entries(COMMANDS).map(([name, { synopsis, help }]) =>
    helpRow(`${name} ${synopsis}`.trim(), help),
  );
  return `Potluck: an office CDN that everyone brings a little bandwidth to.

Usage
  potluck [--hidden]                                    the desktop app; --hidden: without its window
  potluck --headless --manager --mirror URL [options]   mirror an origin and send downloads to peers
  potluck --headless --peer [--upstream URL] [options]  lend this machine's bandwidth
  potluck --headless --store [options]                  keep what is put, in memory and on disk; nothing is fetched
  potluck COMMAND [options]                             ask a running manager or peer

Examples
  potluck --headless --manager --mirror http://files.example/pub
  potluck --headless --peer --upload-cap 20M --hours "Mon-Fri 18:00-08:00"
  potluck --headless --peer --upstream http://192.168.1.5:11000 --listen 8001 --memory 1G
  potluck --headless --store --memory 2G --disk 100G
  potluck status --json
  potluck leave

Commands
${commands.join('')}
${optionsHelp()}
Everywhere
${helpRow('--help, -h', 'this text; potluck COMMAND --help: more about one command')}${helpRow('--version', 'version of the program')}
Sizes: K, M, G and T are powers of 1024. Rates: 20M is bytes a second, 100mbit bits a second.
Flags win over the environment, the environment over the configuration file. An option --some-name is
POTLUCK_SOME_NAME in the environment and "some-name: value" in the file. Secrets are better kept there:
what stands on a command line can be read by every user of the machine.
SIGINT or SIGTERM: running downloads finish, then it leaves; a second one: it leaves at once.
SIGHUP: log files and certificates are reopened.
`;
}

/** `potluck COMMAND --help`. */
export function commandHelp(name: string, { synopsis, help, options }: Command): string {
  const rows = Object.entries(options).map(([option, { arg, short, help: text }]) => {
    const flag = `${short === undefined ? '' : `-${short}, `}--${option}${arg === undefined ? '' : ` ${arg}`}`;
    return helpRow(flag, text);
  });
  return `Usage: potluck ${`${name} ${synopsis}`.trim()}\n\n${help}\n\nOptions\n${rows.join('')}`;
}
