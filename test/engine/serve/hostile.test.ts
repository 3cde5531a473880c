import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Face, openFace, passed } from './double.ts';
import { expectAnswers, type OddRequest, raw } from './raw.ts';

const HOST = 'Host: office\r\n';
const get = (target: string, fields = ''): string => `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
const post = (fields: string, body: string): string => `POST /echo HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
const many = (n: number): string => Array.from({ length: n }, (_, i) => `X-${i}: y\r\n`).join('');
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: office\r\n\r\n';

const framing: OddRequest[] = [
  {
    name: 'CL.TE',
    send: post('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nG'),
    answers: [400],
    closes: true,
  },
  {
    name: 'TE.CL',
    send: post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `5c\r\n${SMUGGLED}\r\n0\r\n\r\n`),
    answers: [400],
    closes: true,
  },
  {
    name: 'two lengths that differ',
    send: post('Content-Length: 3\r\nContent-Length: 5\r\n', 'abcde'),
    answers: [400],
    closes: true,
  },
  {
    name: 'two lengths that agree',
    send: post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'),
    answers: [400],
    closes: true,
  },
  { name: 'a list of lengths', send: post('Content-Length: 3, 3\r\n', 'abc'), answers: [400], closes: true },
  { name: 'a negative length', send: post('Content-Length: -1\r\n', ''), answers: [400], closes: true },
  { name: 'a length with a sign', send: post('Content-Length: +3\r\n', 'abc'), answers: [400], closes: true },
  { name: 'a hexadecimal length', send: post('Content-Length: 0x3\r\n', 'abc'), answers: [400], closes: true },
  { name: 'an empty length', send: post('Content-Length: \r\n', ''), answers: [400], closes: true },
  {
    name: 'a length beyond 64 bits',
    send: post('Content-Length: 99999999999999999999\r\n', ''),
    answers: [400],
    closes: true,
  },
  {
    name: 'a coding nobody knows',
    send: post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
    answers: [501],
    closes: true,
  },
  {
    name: 'chunked twice',
    send: post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'chunked, then identity',
    send: post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'gzip, then chunked',
    send: post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
    answers: [501],
    closes: true,
  },
  {
    name: 'a tab before chunked, obfuscated',
    send: post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'a space before the colon',
    send: post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'a space before the colon of Host',
    send: 'GET /ok HTTP/1.1\r\nHost : office\r\n\r\n',
    answers: [400],
    closes: true,
  },
  { name: 'a folded field', send: get('/ok', 'X-Folded: a\r\n b\r\n'), answers: [400], closes: true },
  {
    name: 'a folded Transfer-Encoding',
    send: post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'),
    answers: [400],
    closes: true,
  },
  { name: 'a field line without a colon', send: get('/ok', 'nonsense\r\n'), answers: [400], closes: true },
  { name: 'an empty field name', send: get('/ok', ': x\r\n'), answers: [400], closes: true },
  { name: 'bare line feeds', send: 'GET /ok HTTP/1.1\nHost: office\n\n', answers: [400], closes: true },
  { name: 'a bare carriage return in a value', send: get('/ok', 'X-A: a\rb\r\n'), answers: [400], closes: true },
  { name: 'a NUL in a value', send: get('/ok', 'X-A: a\0b\r\n'), answers: [400], closes: true },
  { name: 'a NUL in a name', send: get('/ok', 'X\0A: b\r\n'), answers: [400], closes: true },
  {
    name: 'a chunk size that is none',
    send: post('Transfer-Encoding: chunked\r\n', 'zz\r\nabc\r\n0\r\n\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'a chunk size of 2^64',
    send: post('Transfer-Encoding: chunked\r\n', '10000000000000000\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'a chunk longer than it says',
    send: post('Transfer-Encoding: chunked\r\n', '3\r\nabcdef\r\n0\r\n\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'a negative chunk size',
    send: post('Transfer-Encoding: chunked\r\n', '-3\r\nabc\r\n0\r\n\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'a chunk ended by a bare line feed',
    send: post('Transfer-Encoding: chunked\r\n', '3\nabc\n0\n\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'endless chunk extensions',
    send: post('Transfer-Encoding: chunked\r\n', `3;${'x'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`),
    answers: [413],
    closes: true,
  },
  {
    name: 'chunks in HTTP/1.0',
    send: `POST /echo HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    answers: [400],
    closes: true,
  },
  {
    name: 'a chunked body with trailers',
    send: post('Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n', '3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n'),
    answers: [200],
    closes: false,
    says: 'echo:abc',
  },
  {
    name: 'framing fields among the trailers',
    send: post('Transfer-Encoding: chunked\r\n', `0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n`),
    answers: [400],
    closes: true,
  },
  { name: 'a body on a GET', send: `${get('/ok', 'Content-Length: 3\r\n')}abc`, answers: [200], closes: false },
  {
    name: 'a request hidden in the body of a GET',
    send: `${get('/ok', `Content-Length: ${SMUGGLED.length}\r\n`)}${SMUGGLED}`,
    answers: [200],
    closes: false,
    neverSays: 'smuggled',
  },
  {
    name: 'Connection that names Content-Length',
    send: post('Connection: content-length\r\nContent-Length: 3\r\n', 'abc'),
    answers: [200],
    closes: false,
    says: 'echo:abc',
  },
];

const addressing: OddRequest[] = [
  { name: 'no Host', send: 'GET /ok HTTP/1.1\r\n\r\n', answers: [400], closes: true, says: 'POTLUCK_BAD_HOST' },
  { name: 'two Hosts', send: get('/ok', 'Host: other\r\n'), answers: [400], closes: true, says: 'POTLUCK_BAD_HOST' },
  { name: 'the same Host twice', send: get('/ok', HOST), answers: [400], closes: true, says: 'POTLUCK_BAD_HOST' },
  { name: 'an empty Host', send: 'GET /ok HTTP/1.1\r\nHost:\r\n\r\n', answers: [400], closes: true },
  { name: 'a Host with a path', send: 'GET /ok HTTP/1.1\r\nHost: office/x\r\n\r\n', answers: [400], closes: true },
  {
    name: 'a Host with user information',
    send: 'GET /ok HTTP/1.1\r\nHost: me@office\r\n\r\n',
    answers: [400],
    closes: true,
  },
  { name: 'a Host with a space', send: 'GET /ok HTTP/1.1\r\nHost: a b\r\n\r\n', answers: [400], closes: true },
  {
    name: 'a Host with a port that is none',
    send: 'GET /ok HTTP/1.1\r\nHost: office:http\r\n\r\n',
    answers: [400],
    closes: true,
  },
  { name: 'an IPv6 Host', send: 'GET /ok HTTP/1.1\r\nHost: [::1]:8001\r\n\r\n', answers: [200], closes: false },
  { name: 'absolute form', send: get('http://office/ok'), answers: [200], closes: false, says: 'fine' },
  {
    name: 'absolute form that names another host',
    send: get('http://elsewhere.example/ok'),
    answers: [200],
    closes: false,
    says: 'fine',
  },
  {
    name: 'absolute form of another scheme',
    send: get('ftp://office/ok'),
    answers: [400],
    closes: false,
    says: 'POTLUCK_BAD_TARGET',
  },
  { name: 'authority form with GET', send: get('office:80'), answers: [400], closes: true },
  { name: 'an asterisk with GET', send: get('*'), answers: [400], closes: false },
  { name: 'OPTIONS *', send: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, answers: [204], closes: false, says: 'Allow: GET' },
  { name: 'a broken escape', send: get('/%zz'), answers: [400], closes: false, says: 'POTLUCK_BAD_TARGET' },
  { name: 'half an escape', send: get('/a%4'), answers: [400], closes: false },
  { name: 'an escaped NUL', send: get('/a%00b'), answers: [400], closes: false },
  { name: 'dot segments above the root', send: get('/a/../../../ok'), answers: [200], closes: false, says: 'fine' },
  { name: 'escaped dot segments', send: get('/a/%2e%2e/ok'), answers: [200], closes: false, says: 'fine' },
  {
    name: 'an own path in disguise',
    send: get('/x/../%5Fpotluck/health'),
    answers: [200],
    closes: false,
    says: 'healthy',
  },
  { name: 'an own path that does not exist', send: get('/_potluck/secret'), answers: [404], closes: false },
  { name: 'a control character in the target', send: get('/a\x01b'), answers: [400], closes: true },
  { name: 'a space in the target', send: get('/a b'), answers: [400], closes: true },
  { name: 'a fragment', send: get('/ok#part'), answers: [400], closes: false },
  { name: 'a target of 9,000 bytes', send: get(`/${'a'.repeat(9000)}`), answers: [414], closes: false },
  { name: 'a target of 40,000 bytes', send: get(`/${'a'.repeat(40_000)}`), answers: [431], closes: true },
  { name: 'a revision that is none', send: get('/ok?potluck-rev=zz'), answers: [400], closes: false },
  {
    name: 'a peer list without end',
    send: get(`/ok?${Array.from({ length: 20 }, (_, i) => `potluck-not=p${i}`).join('&')}`),
    answers: [400],
    closes: false,
  },
];

const versionsAndMethods: OddRequest[] = [
  { name: 'HTTP/0.9', send: 'GET /ok\r\n\r\n', answers: [400], closes: true },
  { name: 'HTTP/1.0 without Host', send: 'GET /ok HTTP/1.0\r\n\r\n', answers: [200], closes: true, says: 'fine' },
  {
    name: 'HTTP/1.0 kept alive',
    send: `GET /ok HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`,
    answers: [200],
    closes: false,
  },
  { name: 'HTTP/2.0', send: `GET /ok HTTP/2.0\r\n${HOST}\r\n`, answers: [400], closes: true },
  { name: 'the preface of HTTP/2', send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', answers: [400], closes: true },
  { name: 'a TLS hello', send: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', answers: [400], closes: true },
  { name: 'HTTP/1.9', send: `GET /ok HTTP/1.9\r\n${HOST}\r\n`, answers: [400], closes: true },
  { name: 'lower case', send: `get /ok HTTP/1.1\r\n${HOST}\r\n`, answers: [400], closes: true },
  { name: 'a method unknown', send: `BREW /ok HTTP/1.1\r\n${HOST}\r\n`, answers: [400], closes: true },
  {
    name: 'TRACE',
    send: `TRACE /ok HTTP/1.1\r\n${HOST}Cookie: secret=1\r\n\r\n`,
    answers: [405],
    closes: false,
    neverSays: 'secret=1',
  },
  {
    name: 'CONNECT',
    send: `CONNECT db:5432 HTTP/1.1\r\n${HOST}\r\n`,
    answers: [405],
    closes: true,
    says: 'Allow: GET',
  },
  { name: 'an empty line first', send: `\r\n${get('/ok')}`, answers: [200], closes: false },
  { name: 'rubbish', send: '\x00\x01\x02\x03\r\n\r\n', answers: [400], closes: true },
  { name: 'two requests at once', send: get('/ok') + get('/ok'), answers: [200, 200], closes: false },
  {
    name: 'eight requests at once, one bad',
    send: `${get('/ok').repeat(3)}${get('/%zz')}${get('/ok').repeat(4)}`,
    answers: [200, 200, 200, 400, 200, 200, 200, 200],
    closes: false,
  },
  { name: 'a request, then rubbish', send: `${get('/ok')}\x00\x00\r\n\r\n`, answers: [200, 400], closes: true },
  {
    name: 'Connection: close, then another request',
    send: get('/ok', 'Connection: close\r\n') + SMUGGLED,
    answers: [200],
    closes: true,
    neverSays: 'smuggled',
  },
  { name: 'a request byte by byte', send: 'G', pieces: [...get('/ok').slice(1)], answers: [200], closes: false },
];

const fields: OddRequest[] = [
  { name: 'fields of 40 KiB', send: get('/ok', `X-Big: ${'a'.repeat(40_000)}\r\n`), answers: [431], closes: true },
  { name: '300 small fields', send: get('/ok', many(300)), answers: [431], closes: true },
  {
    name: '2,500 fields, the second Host last',
    send: get('/ok', `${'a:\r\n'.repeat(2500)}Host: b\r\n`),
    answers: [431],
    closes: true,
  },
  { name: 'an expectation unknown', send: get('/ok', 'Expect: miracles\r\n'), answers: [417], closes: true },
  {
    name: '100-continue on a GET',
    send: get('/ok', 'Expect: 100-continue\r\n'),
    answers: [200],
    closes: true,
    neverSays: '100 Continue',
  },
  {
    name: '100-continue on a POST',
    send: post('Expect: 100-continue\r\nContent-Length: 3\r\n', ''),
    pieces: ['abc'],
    answers: [200],
    closes: true,
    says: '100 Continue',
  },
  {
    name: '100-continue where the origin refuses',
    send: `PUT /refused HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`,
    answers: [403],
    closes: true,
    neverSays: '100 Continue',
  },
  { name: 'a range backwards', send: get('/ok', 'Range: bytes=3-1\r\n'), answers: [200], closes: false, says: 'fine' },
  {
    name: 'a range beyond the end',
    send: get('/ok', 'Range: bytes=100-\r\n'),
    answers: [416],
    closes: false,
    says: 'bytes */4',
  },
  { name: 'a range of another unit', send: get('/ok', 'Range: lines=1-2\r\n'), answers: [200], closes: false },
  { name: 'a range of words', send: get('/ok', 'Range: bytes=a-b\r\n'), answers: [200], closes: false },
  { name: 'a suffix of nothing', send: get('/ok', 'Range: bytes=-0\r\n'), answers: [416], closes: false },
  {
    name: 'a range beyond 64 bits',
    send: get('/ok', 'Range: bytes=0-99999999999999999999999\r\n'),
    answers: [206],
    closes: false,
    says: 'fine',
  },
  {
    name: 'two Range fields',
    send: get('/ok', 'Range: bytes=0-0\r\nRange: bytes=1-1\r\n'),
    answers: [200],
    closes: false,
  },
  {
    name: 'a thousand ranges',
    send: get('/ok', `Range: bytes=${'0-0,'.repeat(1000)}0-0\r\n`),
    answers: [200],
    closes: false,
  },
  { name: 'If-None-Match without quotes', send: get('/ok', 'If-None-Match: made\r\n'), answers: [200], closes: false },
  { name: 'a date that is none', send: get('/ok', 'If-Modified-Since: yesterday\r\n'), answers: [200], closes: false },
  {
    name: 'a WebSocket without a handler',
    send: get('/_potluck/none', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
    answers: [404],
    closes: true,
  },
  {
    name: 'a WebSocket to content',
    send: get('/ok', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'a WebSocket from a web page',
    send: get('/_potluck/session', 'Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://evil.example\r\n'),
    answers: [403],
    closes: true,
    says: 'POTLUCK_FOREIGN_ORIGIN',
  },
  {
    name: 'a WebSocket with two Hosts',
    send: get('/_potluck/session', 'Connection: Upgrade\r\nUpgrade: websocket\r\nHost: b\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'an upgrade to h2c is ignored',
    send: get('/ok', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'),
    answers: [200],
    closes: true,
  },
  {
    name: 'header injection by escapes',
    send: get('/a%0d%0aX-Evil:%201'),
    answers: [404],
    closes: false,
    neverSays: '\r\nX-Evil',
  },
];

const impatient: OddRequest[] = [
  { name: 'fields that never end', send: 'GET /ok HTTP/1.1\r\nHost: office\r\nX-Slow: ', answers: [408], closes: true },
  { name: 'a connection that says nothing', send: '', answers: [408], closes: true },
  { name: 'a body that never comes', send: post('Content-Length: 10\r\n', 'abc'), answers: [408], closes: true },
  {
    name: 'a close in the middle of the fields',
    send: 'GET /ok HTTP/1.1\r\nHost: off',
    end: true,
    answers: [400],
    closes: true,
  },
  {
    name: 'a close in the middle of a body',
    send: post('Content-Length: 10\r\n', 'abc'),
    end: true,
    answers: [400],
    closes: true,
  },
  { name: 'a close without a byte', send: '', end: true, answers: [], closes: true },
];

const rows = [...framing, ...addressing, ...versionsAndMethods, ...fields, ...impatient];

describe('hostile and odd requests', () => {
  let face: Face;

  beforeAll(async () => {
    face = await openFace({
      own: { '/_potluck/health': (_request, response) => void response.end('healthy') },
      upgrades: {
        '/_potluck/session': (_request, socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      },
      limits: { headerTimeout: 600, stallTimeout: 600, sweepInterval: 100, headerSweep: 100, linger: 300 },
    });
    face.source.put('/ok', Buffer.from('fine'));
    face.source.put('/smuggled', Buffer.from('smuggled'));
    face.source.onForward = async ({ body, target }) => {
      if (target === '/refused') return passed(403, ['Content-Length', '2'], ['no']);
      let text = '';
      for await (const chunk of body ?? []) text += chunk.toString();
      return passed(200, ['Content-Length', String(text.length + 5)], [`echo:${text}`]);
    };
  });

  afterAll(() => face.close());

  it('are at least sixty', () => {
    expect(rows.length).toBeGreaterThanOrEqual(60);
    expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
  });

  // As the first word on a connection, and behind a plain request that was answered without node:http.
  const places = rows.flatMap((row) => [
    { ...row, place: 'at the beginning', before: '' },
    ...(row.send === '' ? [] : [{ ...row, place: 'behind a plain request', before: get('/ok') }]),
  ]);

  it.each(places)('$name, $place', async ({ before, ...row }) => {
    await expectAnswers(face.port, row, get('/ok'), before);
    // Whatever that was, the next client is answered.
    const after = await raw(face.port, get('/ok', 'Connection: close\r\n'));
    expect(after.responses.map(({ status, body }) => [status, body])).toEqual([[200, 'fine']]);
    expect(face.source.outstanding).toBe(0);
  });

  it('keeps the follow-up of every request that left its connection open', async () => {
    const { responses } = await raw(face.port, get('/ok') + get('/nowhere') + get('/ok'), { responses: 3 });
    expect(responses.map((response) => response.status)).toEqual([200, 404, 200]);
  });
});
