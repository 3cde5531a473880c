import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FastRequest } from '../../../../src/engine/serve/fast/fast-answers.ts';
import { parseRequest } from '../../../../src/engine/serve/fast/request-parser.ts';
import { readFields } from '../../../../src/engine/serve/fields.ts';
import { readByNode } from './node-parser.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const parse = (text: string): FastRequest | undefined => parseRequest(bytes(text));
const get = (fields = '', target = '/a'): string => `GET ${target} HTTP/1.1\r\nHost: office\r\n${fields}\r\n`;

const BROWSER = [
  'Connection: keep-alive',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"',
  'sec-ch-ua-mobile: ?0',
  'Upgrade-Insecure-Requests: 1',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  'Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
  'Sec-Fetch-Site: none',
  'Sec-Fetch-Mode: navigate',
  'Accept-Encoding: gzip, deflate, br',
  'Accept-Language: en-US,en;q=0.9',
  'If-None-Match: "a", W/"b"',
  'Range: bytes=0-99',
]
  .map((line) => `${line}\r\n`)
  .join('');

const FOLLOWING = bytes('HEAD /following HTTP/1.1\r\nHost: z\r\n\r\n');

/** Holds what the fast path read of a request against what node:http reads, and sees to it that nothing is left in its parser. */
async function expectReadAlike(read: FastRequest, packet: Buffer): Promise<void> {
  const { requests, error } = await readByNode(packet, FOLLOWING);
  expect(error).toBeUndefined();
  expect(requests.map(({ method, url, version, body }) => [method, url, version, body])).toEqual([
    [read.method, read.target, '1.1', ''],
    ['HEAD', '/following', '1.1', ''],
  ]);
  expect(readFields(requests[0]?.rawHeaders ?? [], 1, 256)).toEqual(read.fields);
}

describe('a plain request', () => {
  it.each([
    ['of a tool', get('User-Agent: curl/8\r\nAccept: */*\r\n')],
    ['without a space behind the colon', 'GET /a HTTP/1.1\r\nHost:office\r\n\r\n'],
    ['of a browser', get(BROWSER)],
    ['for the head alone', get().replace('GET', 'HEAD')],
    ['with a query', get('', '/a/b%20c;d?x=1&potluck-rev=00ff&y=%2f')],
    ['to an IPv6 address', 'GET /a HTTP/1.1\r\nHOST: [::1]:8001\r\n\r\n'],
    ['with names in any case', get('ACCEPT: */*\r\nuser-agent: x\r\n')],
  ])('%s is read, as node:http reads it', async (_, text) => {
    const read = parse(text);
    expect(read).toBeDefined();
    await expectReadAlike(read as FastRequest, bytes(text));
  });

  it('says what the data plane must know', () => {
    expect(parse(get(BROWSER))?.fields).toMatchObject({ host: 'office', conditional: true, credentials: false });
    expect(parse(get('Accept: */*\r\n'))?.fields).toMatchObject({ conditional: false, body: false });
  });

  it('is read whole or not at all', () => {
    const whole = bytes(get(BROWSER));
    expect(parseRequest(whole)).toBeDefined();
    for (let cut = 0; cut < whole.length; cut++) {
      expect(parseRequest(whole.subarray(0, cut))).toBeUndefined();
      expect(parseRequest(whole.subarray(cut + 1))).toBeUndefined();
    }
  });
});

/** What is left to node:http, whatever that makes of it. */
const LEFT: [string, string][] = [
  ['nothing', ''],
  ['an empty line first', `\r\n${get()}`],
  ['two requests', get() + get()],
  ['a byte behind it', `${get()}G`],
  ['a line feed behind it', `${get()}\n`],
  ['HTTP/1.0', get().replace('1.1', '1.0')],
  ['HTTP/1.2', get().replace('1.1', '1.2')],
  ['HTTP/2.0', get().replace('1.1', '2.0')],
  ['HTTP in lower case', get().replace('HTTP', 'http')],
  ['a method in lower case', get().replace('GET', 'get')],
  ['POST', get().replace('GET', 'POST')],
  ['OPTIONS', get().replace('GET', 'OPTIONS')],
  ['a method that begins like GET', get().replace('GET', 'GETX')],
  ['two spaces behind the method', get().replace('GET ', 'GET  ')],
  ['a tab behind the method', get().replace('GET ', 'GET\t')],
  ['two spaces before the version', get().replace(' HTTP', '  HTTP')],
  ['a space behind the version', get().replace('1.1', '1.1 ')],
  ['a space before the method', ` ${get()}`],
  ['absolute form', get('', 'http://office/a')],
  ['authority form', get('', 'office:80')],
  ['an asterisk', get('', '*')],
  ['a fragment', get('', '/a#b')],
  ['a quote in the target', get('', '/a"b')],
  ['a bracket in the target', get('', '/a[b')],
  ['a backslash in the target', get('', '/a\\b')],
  ['a byte beyond ASCII in the target', get('', '/a\u00e9')],
  ['a control character in the target', get('', '/a\x01')],
  ['a NUL in the target', get('', '/a\0')],
  ['a DEL in the target', get('', '/a\x7f')],
  ['no Host', 'GET /a HTTP/1.1\r\n\r\n'],
  ['no Host among other fields', 'GET /a HTTP/1.1\r\nAccept: */*\r\n\r\n'],
  ['two Hosts', get('Host: office\r\n')],
  ['two Hosts in another case', get('hOST: other\r\n')],
  ['an empty Host', 'GET /a HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a Host with a path', 'GET /a HTTP/1.1\r\nHost: office/b\r\n\r\n'],
  ['a Host with user information', 'GET /a HTTP/1.1\r\nHost: me@office\r\n\r\n'],
  ['a Host that is a list', 'GET /a HTTP/1.1\r\nHost: a, b\r\n\r\n'],
  ['a Content-Length', get('Content-Length: 0\r\n')],
  ['a Content-Length and a body', `${get('Content-Length: 3\r\n')}abc`],
  ['a Transfer-Encoding', get('Transfer-Encoding: chunked\r\n')],
  ['a Transfer-Encoding with a strange space', get('Transfer-Encoding : chunked\r\n')],
  ['a Trailer', get('Trailer: X\r\n')],
  ['TE', get('TE: trailers\r\n')],
  ['Expect', get('Expect: 100-continue\r\n')],
  ['an upgrade', get('Connection: Upgrade\r\nUpgrade: websocket\r\n')],
  ['an upgrade alone', get('Upgrade: h2c\r\n')],
  ['a WebSocket key', get('Sec-WebSocket-Key: x\r\n')],
  ['HTTP2-Settings', get('HTTP2-Settings: AAMAAABk\r\n')],
  ['Connection: close', get('Connection: close\r\n')],
  ['Connection with two words', get('Connection: keep-alive, close\r\n')],
  ['Connection that names a field', get('Connection: range\r\nRange: bytes=0-1\r\n')],
  ['two Connections', get('Connection: keep-alive\r\nConnection: keep-alive\r\n')],
  ['Keep-Alive', get('Keep-Alive: 300\r\n')],
  ['Proxy-Connection', get('Proxy-Connection: keep-alive\r\n')],
  ['Proxy-Authorization', get('Proxy-Authorization: Basic eA==\r\n')],
  ['a cookie', get('Cookie: a=b\r\n')],
  ['an authorization', get('Authorization: Basic eA==\r\n')],
  ['CDN-Loop', get('CDN-Loop: potluck\r\n')],
  ['Via', get('Via: 1.1 x\r\n')],
  ['a field nobody knows', get('X-Unknown: 1\r\n')],
  ['two Ranges', get('Range: bytes=0-0\r\nRange: bytes=1-1\r\n')],
  ['two Accepts', get('Accept: a\r\nAccept: b\r\n')],
  ['a folded field', get('Accept: a\r\n b\r\n')],
  ['a field folded by a tab', get('Accept: a\r\n\tb\r\n')],
  ['a folded Host', 'GET /a HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'],
  ['a space before the first field', 'GET /a HTTP/1.1\r\n Host: a\r\n\r\n'],
  ['a space before the colon', get('Accept : a\r\n')],
  ['a tab before the colon', get('Accept\t: a\r\n')],
  ['a tab behind the colon', get('Accept:\ta\r\n')],
  ['a tab in a value', get('Accept: a\tb\r\n')],
  ['two spaces behind the colon', get('Accept:  a\r\n')],
  ['a space at the end of a value', get('Accept: a \r\n')],
  ['an empty value', get('Accept:\r\n')],
  ['a value of a space', get('Accept: \r\n')],
  ['an empty name', get(': a\r\n')],
  ['no colon', get('Accept\r\n')],
  ['a NUL in a value', get('Accept: a\0b\r\n')],
  ['a DEL in a value', get('Accept: a\x7f\r\n')],
  ['a byte beyond ASCII in a value', get('User-Agent: caf\u00e9\r\n')],
  ['a NUL in a name', get('Acc\0ept: a\r\n')],
  ['a bare line feed between fields', 'GET /a HTTP/1.1\r\nHost: a\nAccept: b\r\n\r\n'],
  ['a bare line feed behind the request line', 'GET /a HTTP/1.1\nHost: a\r\n\r\n'],
  ['bare line feeds', 'GET /a HTTP/1.1\nHost: a\n\n'],
  ['a bare carriage return in a value', get('Accept: a\rb\r\n')],
  ['a bare carriage return between fields', 'GET /a HTTP/1.1\r\nHost: a\rAccept: b\r\n\r\n'],
  ['an end of a line feed', 'GET /a HTTP/1.1\r\nHost: a\r\n\n'],
  ['a double carriage return', 'GET /a HTTP/1.1\r\nHost: a\r\r\n\r\n'],
  ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['more than it reads', get('', `/${'a'.repeat(9000)}`)],
];

describe('left to node:http', () => {
  it('in many shapes, each of them once', () => {
    expect(new Set(LEFT.map(([name]) => name)).size).toBe(LEFT.length);
  });

  it.each(LEFT)('is %s', (_, text) => expect(parse(text)).toBeUndefined());
});

/** Requests that are nearly right: put together from parts that fit and parts that do not, with a byte out of place here and there. */
function nearlyRight(): fc.Arbitrary<Buffer> {
  const mostly = <T>(good: readonly T[], bad: readonly T[]): fc.Arbitrary<T> =>
    fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constantFrom(...bad) });
  const name = mostly(
    ['Accept', 'accept-encoding', 'User-Agent', 'Range', 'If-Range', 'Cache-Control', 'Sec-Fetch-Site', 'Connection'],
    [
      'Host',
      'Content-Length',
      'Transfer-Encoding',
      'Expect',
      'Upgrade',
      'X-A',
      '',
      'Accept ',
      ' Accept',
      'Acc\u00e9pt',
    ],
  );
  const value = mostly(
    ['a', 'keep-alive', 'bytes=0-1', '"x"', 'no-cache', 'a b', 'gzip, br;q=0.5', '0', '5'],
    ['', ' ', 'a ', ' a', 'a\tb', 'a\0', 'chunked', 'close', 'a\r\n b', 'a\nb', 'a\rb', '\u00ff', '\x7f'],
  );
  const end = mostly(['\r\n'], ['\n', '\r', '', '\r\n\r\n', '\r\r\n']);
  const field = fc.tuple(name, mostly([': ', ':'], [' : ', ':\t', ' ', '']), value, end).map((part) => part.join(''));
  const line = fc
    .tuple(
      mostly(['GET', 'HEAD'], ['get', 'POST', 'GET\t', ' GET', 'OPTIONS', '']),
      mostly([' '], ['  ', '\t', '']),
      mostly(
        ['/', '/a', '/a%2fb?x=1', '/%zz', "/~!$&'()*+,;=:@?/"],
        ['*', 'http://a/', '/a b', '/a#', '/"', '/\0', '/\u00e9'],
      ),
      mostly([' HTTP/1.1'], [' HTTP/1.0', ' HTTP/1.1 ', ' HTTP/1.', ' http/1.1', ' HTTP/11', '']),
      end,
    )
    .map((part) => part.join(''));
  const request = fc
    .tuple(
      line,
      mostly(['Host: a\r\n', 'host: [::1]:80\r\n'], ['', 'Host: a b\r\n', 'Host:\r\n', 'Host: a\r\nHost: a\r\n']),
      fc.array(field, { maxLength: 4 }),
      mostly(['\r\n'], ['', '\n', '\r\n\r\n', '\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n', '\r\nabc']),
    )
    .map(([first, host, fields, last]) => bytes(first + host + fields.join('') + last));
  const slip = fc.option(fc.tuple(fc.nat(), fc.constantFrom('delete', 'insert', 'change'), fc.nat(255)), { freq: 2 });
  return fc.tuple(request, slip).map(([whole, change]) => (change === null ? whole : slipped(whole, change)));
}

function slipped(whole: Buffer, [where, what, byte]: [number, string, number]): Buffer {
  const at = where % (whole.length + 1);
  const skipped = what === 'insert' ? 0 : 1;
  const put = what === 'delete' ? [] : [byte];
  return Buffer.concat([whole.subarray(0, at), Buffer.from(put), whole.subarray(at + skipped)]);
}

describe('a request that is nearly right', () => {
  it('is left alone, or read exactly as node:http reads it', { timeout: 60_000 }, async () => {
    let read = 0;
    let left = 0;
    await fc.assert(
      fc.asyncProperty(nearlyRight(), async (packet) => {
        const request = parseRequest(packet);
        if (request === undefined) {
          left++;
          return;
        }
        read++;
        await expectReadAlike(request, packet);
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(300);
    expect(left).toBeGreaterThan(300);
  });
});
