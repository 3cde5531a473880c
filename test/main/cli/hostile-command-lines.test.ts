import { describe, expect, it } from 'vitest';
import { runLine } from './helpers.ts';

const MANAGER = '--headless --manager --mirror http://o.example';
const PEER = '--headless --peer';
const STORE = '--headless --store';
const HASH = `$scrypt$ln=15,r=8,p=1$${'a'.repeat(22)}$${'b'.repeat(43)}`;
const ENDPOINT = 'write port, host:port or [IPv6 address]:port';
const PORT = 'a port is a number from 0 to 65535';
const SIZE = 'a size is a number of bytes such as 4096, 512M or 10G';
const RATE = 'a rate is bytes a second such as 20M, or bits a second such as 100mbit, above zero';

/** Command line (words divided by blanks), then the whole line that must be said, without "potluck: ". All exit with 2. */
const LINES: readonly (readonly [string, string])[] = [
  [`${PEER} --hidden`, 'unknown option --hidden'],
  ['push a.iso --to all', 'push (pushing files) is not part of this build yet'],
  ['promote', 'promote (several managers) is not part of this build yet'],
  ['password hunter2', 'a password is typed or piped in, not given on the command line'],
  ['password', 'an empty password protects nothing'],
  [`${PEER} --accept-push /srv`, '--accept-push (pushing files) is not part of this build yet'],
  [`${PEER} --installers /srv`, '--installers is for a manager, it cannot go with --peer'],
  [`${PEER} --disk 15M`, '--disk must be at least 16M, or 0 for no disk tier'],

  ['frobnicate', 'unknown command frobnicate'],
  ['stauts', 'unknown command stauts; did you mean status?'],
  ['node', 'unknown command node; did you mean nodes?'],
  ['constructor', 'unknown command constructor'],
  ['--headless', '--headless needs --manager, --peer or --store'],
  ['--store', '--store needs --headless'],
  [`${PEER} --store`, '--peer and --store exclude each other'],
  [`${STORE} --mirror http://o.example`, '--mirror is for a manager, it cannot go with --store'],
  [`${STORE} --cache-time 5`, '--cache-time is for a manager or a peer, it cannot go with --store'],
  [`${PEER} --admit-after 2 --disk 0`, '--admit-after has no meaning with --disk 0: it says what the disk tier takes'],
  [`${STORE} --admit-after 16`, 'bad value "16" for --admit-after: a whole number from 1 to 15 is needed'],
  [`${STORE} --disk 0 --admit-after 2`, '--admit-after has no meaning with --disk 0: it says what the disk tier takes'],
  [`${STORE} --disk 64K`, '--disk must be at least 1M, or 0 for no disk tier'],
  [`${STORE} --memory 1M`, '--memory must be at least 4M, or 0 for no memory tier'],
  [`${STORE} --memory 0 --disk 0`, '--memory 0 and --disk 0 leave a store no place to keep anything'],
  ['--manager --mirror http://o.example', '--manager needs --headless'],
  ['--peer', '--peer needs --headless'],
  ['--headless --manager', '--manager needs --mirror URL or --group NAME=URL'],
  [`${MANAGER} --peer`, '--manager and --peer exclude each other; a manager serves as a peer while it has none'],
  [`${PEER} --manager=maybe`, 'bad value "maybe" for --manager: it is either true or false'],
  [`${PEER} --lisen 80`, 'unknown option --lisen; did you mean --listen?'],
  [`${PEER} --Listen 80`, 'unknown option --Listen; did you mean --listen?'],
  [`${PEER} --upload_cap 1M`, 'unknown option --upload_cap; did you mean --upload-cap?'],
  [`${PEER} --__proto__ 1`, 'unknown option --__proto__'],
  [`${PEER} -x`, 'unknown option -x'],
  [`${PEER} -listen 80`, 'unknown option -listen; did you mean --listen?'],
  [`${PEER} extra`, 'unexpected argument "extra"'],
  [`${PEER} -- --listen`, 'unexpected argument "--listen"'],
  [`${PEER} --listen`, '--listen needs a value'],
  [`${PEER} --listen --no-mdns`, '--listen needs a value'],
  [`${PEER} --listen=`, '--listen needs a value'],
  [`${PEER} --listen 1 --listen 2`, '--listen is given twice'],

  [`${PEER} --listen 70000`, `bad value "70000" for --listen: ${PORT}`],
  [`${PEER} --listen ::1:80`, `bad value "::1:80" for --listen: ${ENDPOINT}`],
  [`${PEER} --listen -1`, `bad value "-1" for --listen: ${PORT}`],
  [`${PEER} --listen 65535`, '--listen 65535 leaves no port for the control port; name one by --control'],
  [
    `${PEER} --listen 8001 --control 8001`,
    'the data port and the control port are both 8001; --listen and --control must differ',
  ],
  [`${PEER} --control off --port=http`, `bad value "http" for --port: ${PORT}`],
  [`${PEER} --control 9000 --port 9001`, '--control and --port say the same thing; give one of them'],
  [`${PEER} --log a --log-file b`, '--log and --log-file say the same thing; give one of them'],
  [`${PEER} --memory lots`, `bad value "lots" for --memory: ${SIZE}`],
  [`${PEER} --memory 1M`, '--memory must be at least 4M; --disable-cache keeps nothing'],
  [`${PEER} --memory 99999999999999T`, `bad value "99999999999999T" for --memory: ${SIZE}`],
  [`${PEER} --upload-cap 0`, `bad value "0" for --upload-cap: ${RATE}`],
  [`${PEER} --download-cap 5mb`, `bad value "5mb" for --download-cap: ${RATE}`],
  [`${PEER} --capacity 0`, 'bad value "0" for --capacity: a whole number from 1 to 1000000 is needed'],
  [`${MANAGER} --cache-time -5`, 'bad value "-5" for --cache-time: a number of seconds from 0 to 31536000 is needed'],
  [`${PEER} --log-level loud`, 'bad value "loud" for --log-level: it is one of trace, debug, info, warn, error, fatal'],
  [`${MANAGER} --mode sideways`, 'bad value "sideways" for --mode: it is one of redirect, proxy'],
  [
    `${MANAGER} --mode proxy --redirect-min 1M`,
    '--redirect-min has no meaning with --mode proxy, which redirects nothing',
  ],
  [`${MANAGER} --group a=http://a --group a=http://b`, '--group a is given twice'],
  [`${MANAGER} --group default=http://a`, '--group default: the default group is the one that --mirror URL gives'],
  [`${PEER} --no-mdns`, '--no-mdns leaves a peer no way to find its manager; name it with --upstream URL'],
  [
    `${MANAGER} --group ../x=http://a`,
    'bad value "../x=http://a" for --group: a group is NAME=URL or NAME, the name of letters, digits, dots, dashes and underscores',
  ],
  [
    '--headless --manager --mirror files.example',
    'bad value "files.example" for --mirror: a URL such as http://files.example/pub is needed',
  ],
  [
    '--headless --manager --mirror http://a:b@files.example',
    'bad value "http://a:b@files.example" for --mirror: a URL here must not carry a user or password',
  ],
  [`${MANAGER} --upstream http://m:11000`, '--upstream is for a peer, it cannot go with --manager'],
  [`${PEER} --mirror http://o.example`, '--mirror is for a manager, it cannot go with --peer'],
  [
    `${PEER} --upstream http://m:11000/x`,
    'bad value "http://m:11000/x" for --upstream: only scheme, host and port are wanted, no path',
  ],
  [`${PEER} --tls-cert c.pem`, '--tls-cert needs --tls-key beside it'],
  [`${PEER} --tls-key k.pem`, '--tls-key needs --tls-cert beside it'],
  [`${PEER} --user ann`, '--user needs --password-hash beside it'],
  [`${PEER} --password-hash ${HASH}`, '--password-hash needs --user beside it'],
  [`${PEER} --viewer-token v`, '--viewer-token needs --token or --user: who else could change anything?'],
  [`${PEER} --token schlüssel`, 'bad value for --token: 1 to 256 visible ASCII characters without spaces are needed'],
  [
    `${MANAGER} --registry-from 10.0.0.0/99`,
    'bad value "10.0.0.0/99" for --registry-from: an address range such as 192.168.0.0/16 or fd00::/8 is needed',
  ],
  [`${PEER} --advertise nat:0`, 'bad value "nat:0" for --advertise: port 0 cannot be advertised'],
  [`${PEER} --json`, 'unknown option --json'],

  ['status extra', 'unexpected argument "extra"'],
  ['nodes --colour', 'unknown option --colour'],
  [
    'stats --control http://localhost:1/x',
    'bad value "http://localhost:1/x" for --control: only scheme, host and port are wanted, no path',
  ],
  ['stats --control off', 'bad value "off" for --control: the control port is off; name another by --control URL'],
  ['stats --control 0', 'bad value "0" for --control: port 0 cannot be asked'],
  ['leave --cold=now', 'bad value "now" for --cold: it is either true or false'],
  ['get', 'get needs a URL'],
  ['get http://m/a -o', '-o needs a value'],
  ['get http://m/a -o - --json', '--json and -o - both want standard output'],
  ['purge', 'purge takes exactly one of a URL, --prefix, --tag and --group'],
  ['purge /a --tag t', 'purge takes exactly one of a URL, --prefix, --tag and --group'],
  ['purge /a /b', 'unexpected argument "/b"'],
  ['purge --prefix', '--prefix needs a value'],
];

describe('a command line that cannot be understood gets one line and exit 2:', () => {
  it('there are plenty', () => expect(LINES.length).toBeGreaterThanOrEqual(40));

  it.each(LINES)('potluck %s', async (line, message) => {
    const outcome = await runLine(line === '' ? [] : line.split(' '));
    expect(outcome).toEqual({ code: 2, stdout: '', stderr: `potluck: ${message}\n` });
  });

  it('also where the words are not even text that a terminal should see', async () => {
    for (const nasty of ['\u001b[2J', 'a\nb', `x${'y'.repeat(10_000)}`, '\u202e', '\0']) {
      const outcome = await runLine(['--headless', '--peer', nasty]);
      expect(outcome.code).toBe(2);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      expect(outcome.stderr).toMatch(/^potluck: unexpected argument "[^\u0000-\u001f]{1,100}"\n$/);
    }
  });

  it('and so do the environment and the file that it leans on', async () => {
    const env = { POTLUCK_MEMORY: 'lots', CDN_CACHE_ENABLED: 'perhaps' };
    expect((await runLine([...PEER.split(' ')], { env })).stderr).toBe(
      'potluck: bad value "perhaps" for CDN_CACHE_ENABLED: it is either true or false\n',
    );
    expect((await runLine([...PEER.split(' ')], { env: { POTLUCK_MEMORY: 'lots' } })).stderr).toBe(
      `potluck: bad value "lots" for POTLUCK_MEMORY: ${SIZE}\n`,
    );
    expect((await runLine([...PEER.split(' ')], { env: { POTLUCK_DISK: '1M' } })).stderr).toBe(
      'potluck: POTLUCK_DISK must be at least 16M, or 0 for no disk tier\n',
    );
  });
});

describe('a command line that asks for help or the version', () => {
  it.each(['--help', '-h', 'help', '--headless --peer --nonsense --help'])(
    'potluck %s shows the whole of it',
    async (line) => {
      const outcome = await runLine(line.split(' '));
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
      expect(outcome.stdout).toContain('--upload-cap RATE');
      expect(outcome.stdout).toContain('Examples');
    },
  );

  it('potluck purge --help shows that command', async () => {
    const outcome = await runLine(['purge', '--help']);
    expect(outcome.stdout).toMatch(/^Usage: potluck purge <url \| --prefix P/);
    expect(outcome.stdout).toContain('--soft');
  });

  it('potluck --version', async () => {
    expect((await runLine(['--version'])).stdout).toMatch(/^potluck \d+\.\d+\.\d+\n$/);
  });
});
