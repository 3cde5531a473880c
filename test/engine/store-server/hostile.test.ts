import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAnswers, type OddRequest, raw } from '../serve/raw.ts';
import { ask, DIR, type Face, id, openFace, WHOLE } from './rig.ts';

const HOST = 'Host: store\r\n';
const KEPT = `/${DIR}/${id(1)}`;
const GET = `GET ${KEPT} HTTP/1.1\r\n${HOST}\r\n`;
const line = (start: string, fields = '') => `${start} HTTP/1.1\r\n${HOST}${fields}\r\n`;
const put = (fields: string, body: string, path = `/${DIR}/${id(2)}`) => line(`PUT ${path}`, fields) + body;
const long = (count: number) => 'X-A: '.padEnd(count, 'a');

const names: OddRequest[] = [
  { name: 'no path', send: line('GET /'), answers: [400], closes: false },
  { name: 'a directory alone', send: line(`GET /${DIR}`), answers: [400], closes: false },
  { name: 'a directory with a slash', send: line(`GET /${DIR}/`), answers: [400], closes: false },
  { name: '31 digits', send: line(`GET /${DIR.slice(1)}/${id(1)}`), answers: [400], closes: false },
  { name: '33 digits', send: line(`GET /${DIR}/${id(1)}0`), answers: [400], closes: false },
  { name: 'a digit that is none', send: line(`GET /${DIR}/${id(1).replace('0', 'g')}`), answers: [400], closes: false },
  { name: 'an escaped digit', send: line(`GET /${DIR}/%30${id(1).slice(1)}`), answers: [400], closes: false },
  { name: 'an escaped slash', send: line(`GET /${DIR}%2f${id(1)}`), answers: [400], closes: false },
  { name: 'a third part', send: line(`GET ${KEPT}/x`), answers: [400], closes: false },
  { name: 'dots before it', send: line(`GET /x/..${KEPT}`), answers: [400], closes: false },
  { name: 'dots behind it', send: line(`GET ${KEPT}/../..`), answers: [400], closes: false },
  { name: 'two slashes', send: line(`GET //${DIR}/${id(1)}`), answers: [400], closes: false },
  { name: 'a fragment', send: line(`GET ${KEPT}#x`), answers: [400], closes: false },
  { name: 'a tag of three digits', send: line(`GET ${KEPT}?tag1=123`), answers: [400], closes: false },
  { name: 'a tag that is none', send: line(`GET ${KEPT}?tag1=wxyz`), answers: [400], closes: false },
  { name: 'a fifth tag', send: line(`GET ${KEPT}?tag5=0000`), answers: [400], closes: false },
  { name: 'a tag twice', send: line(`GET ${KEPT}?tag1=0000&tag1=0000`), answers: [400], closes: false },
  { name: 'another parameter', send: line(`GET ${KEPT}?tag1=0000&x=1`), answers: [400], closes: false },
  { name: 'an empty parameter', send: line(`GET ${KEPT}?tag1=0000&`), answers: [400], closes: false },
  {
    name: 'upper case and lower case',
    send: line(`GET /${DIR.toUpperCase()}/${id(1)}`),
    answers: [200],
    closes: false,
  },
  { name: 'absolute form', send: line(`GET http://store${KEPT}`), answers: [200], closes: false, says: 'kept' },
  { name: 'a GET of a whole directory', send: line(`GET /${DIR}/${WHOLE}`), answers: [404], closes: false },
  {
    name: 'a PUT of a whole directory',
    send: put('Content-Length: 1\r\n', 'x', `/${DIR}/${WHOLE}`),
    answers: [400],
    closes: false,
  },
  { name: 'a path of our own that is not there', send: line('GET /_potluck/session'), answers: [404], closes: false },
  { name: 'health', send: line('GET /_potluck/health'), answers: [200], closes: false, says: '"status":"ok"' },
  {
    name: 'a POST',
    send: `${line(`POST ${KEPT}`, 'Content-Length: 1\r\n')}x`,
    answers: [405],
    closes: false,
    says: 'Allow: GET, HEAD, PUT, DELETE',
  },
  { name: 'OPTIONS', send: line(`OPTIONS ${KEPT}`), answers: [204], closes: false, says: 'Allow: ' },
];

const framing: OddRequest[] = [
  {
    name: 'CL.TE',
    send: put('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nG'),
    answers: [400],
    closes: true,
  },
  { name: 'two lengths', send: put('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'), answers: [400], closes: true },
  { name: 'a length with a sign', send: put('Content-Length: +3\r\n', 'abc'), answers: [400], closes: true },
  {
    name: 'gzip, then chunked',
    send: put('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
    answers: [501],
    closes: true,
  },
  {
    name: 'a chunk size that is none',
    send: put('Transfer-Encoding: chunked\r\n', 'zz\r\n'),
    answers: [400],
    closes: true,
  },
  {
    name: 'a body that breaks off',
    send: put('Content-Length: 10\r\n', 'abc'),
    end: true,
    answers: [400],
    closes: true,
  },
  {
    name: 'chunks that break off',
    send: put('Transfer-Encoding: chunked\r\n', '5\r\nab'),
    end: true,
    answers: [400],
    closes: true,
  },
  { name: 'two Host fields', send: line(`GET ${KEPT}`, HOST), answers: [400], closes: true },
  { name: 'no Host field', send: `GET ${KEPT} HTTP/1.1\r\n\r\n`, answers: [400], closes: true },
  { name: 'bare line feeds', send: `GET ${KEPT} HTTP/1.1\nHost: a\n\n`, answers: [400], closes: true },
  { name: 'fields of 40 KiB', send: line(`GET ${KEPT}`, `${long(40_000)}\r\n`), answers: [431], closes: true },
  {
    name: 'an expectation unknown',
    send: put('Expect: miracles\r\nContent-Length: 1\r\n', ''),
    answers: [417],
    closes: true,
  },
  {
    name: '100-continue',
    send: put('Expect: 100-continue\r\nContent-Length: 3\r\n', ''),
    pieces: ['abc'],
    answers: [204],
    closes: true,
    says: '100 Continue',
  },
  { name: 'two requests at once', send: GET + GET, answers: [200, 200], closes: false },
  {
    name: 'a PUT and its GET at once',
    send: put('Content-Length: 3\r\n', 'xyz', `/${DIR}/${id(5)}`) + line(`GET /${DIR}/${id(5)}`),
    answers: [204, 200],
    closes: false,
  },
  { name: 'a GET byte by byte', send: 'G', pieces: [...GET.slice(1)], answers: [200], closes: false },
];

const DEL = `DEL ${KEPT} HTTP/1.1\r\n${HOST}\r\n`;
/** None of these may delete anything. */
const del: OddRequest[] = [
  { name: 'behind a GET in one packet', send: GET + DEL, answers: [200, 400], closes: true },
  { name: 'followed by something', send: DEL + GET, answers: [400], closes: true },
  { name: 'with a body', send: `${line(`DEL ${KEPT}`, 'Content-Length: 3\r\n')}abc`, answers: [400], closes: true },
  { name: 'with a length only', send: line(`DEL ${KEPT}`, 'Content-Length: 3\r\n'), answers: [400], closes: true },
  { name: 'with a coding', send: line(`DEL ${KEPT}`, 'Transfer-Encoding: chunked\r\n'), answers: [400], closes: true },
  { name: 'with an expectation', send: line(`DEL ${KEPT}`, 'Expect: 100-continue\r\n'), answers: [400], closes: true },
  { name: 'with a folded field', send: line(`DEL ${KEPT}`, 'X-A: a\r\n b\r\n'), answers: [400], closes: true },
  { name: 'with a space before the colon', send: line(`DEL ${KEPT}`, 'X-A : a\r\n'), answers: [400], closes: true },
  { name: 'with two Host fields', send: line(`DEL ${KEPT}`, HOST), answers: [400], closes: true },
  { name: 'without Host', send: `DEL ${KEPT} HTTP/1.1\r\n\r\n`, answers: [400], closes: true },
  { name: 'with a bad Host', send: `DEL ${KEPT} HTTP/1.1\r\nHost: a b\r\n\r\n`, answers: [400], closes: true },
  { name: 'in HTTP/1.0', send: `DEL ${KEPT} HTTP/1.0\r\n${HOST}\r\n`, answers: [400], closes: true },
  { name: 'with two spaces', send: `DEL  ${KEPT} HTTP/1.1\r\n${HOST}\r\n`, answers: [400], closes: true },
  { name: 'with bare line feeds', send: `DEL ${KEPT} HTTP/1.1\nHost: a\n\n`, answers: [400], closes: true },
  { name: 'in lower case', send: `del ${KEPT} HTTP/1.1\r\n${HOST}\r\n`, answers: [400], closes: true },
  { name: 'with a NUL', send: `DEL ${KEPT}\0 HTTP/1.1\r\n${HOST}\r\n`, answers: [400], closes: true },
  { name: 'with a bad name', send: `DEL /${DIR}/x HTTP/1.1\r\n${HOST}\r\n`, answers: [400], closes: true },
  { name: 'with a bad tag', send: `DEL ${KEPT}?tag1=1 HTTP/1.1\r\n${HOST}\r\n`, answers: [400], closes: true },
  {
    name: 'with other tags than the object has',
    send: `DEL ${KEPT}?tag1=0001 HTTP/1.1\r\n${HOST}\r\n`,
    answers: [404],
    closes: true,
  },
  {
    name: 'as the body of a PUT',
    send: put(`Content-Length: ${DEL.length}\r\n`, ''),
    pieces: [DEL],
    answers: [204],
    closes: false,
  },
  {
    name: 'as a body in chunks',
    send: put('Transfer-Encoding: chunked\r\n', ''),
    pieces: [`${DEL.length.toString(16)}\r\n`, DEL, '\r\n0\r\n\r\n'],
    answers: [204],
    closes: false,
  },
  // The parser stops in the fourth byte here too: DE is the rest of a body, and L could be the beginning of LINK.
  {
    name: 'half of it as the rest of a body',
    send: put('Content-Length: 2\r\n', ''),
    pieces: [DEL],
    answers: [400],
    closes: true,
  },
  {
    name: 'half of it as the rest of a body that was refused before it came',
    send: put('Content-Length: 2\r\n', '', '/x'),
    pieces: [DEL],
    answers: [400, 400],
    closes: true,
  },
];

let face: Face;
beforeAll(async () => {
  face = await openFace();
  await ask(face, 'PUT', KEPT, { body: 'kept' });
  for (const number of [2, 5]) await ask(face, 'PUT', `/${DIR}/${id(number)}`, { body: 'there' });
});
afterAll(() => face[Symbol.asyncDispose]());

describe('hostile and odd requests to a store', () => {
  it.each(names.map((row) => [row.name, row] as const))('name: %s', (_, row) => expectAnswers(face.port, row, GET));
  it.each(framing.map((row) => [row.name, row] as const))('framing: %s', (_, row) =>
    expectAnswers(face.port, row, GET),
  );
  it.each([...names, ...framing].map((row) => [row.name, row] as const))(
    'behind a plain request that was answered without node:http: %s',
    (_, row) => expectAnswers(face.port, row, GET, GET),
  );
});

describe('DEL is no way around the parser', () => {
  it.each(del.map((row) => [row.name, row] as const))('%s', async (_, row) => {
    await expectAnswers(face.port, row, GET);
    expect((await ask(face, 'GET', KEPT)).body.toString()).toBe('kept');
  });
});

describe('DEL', () => {
  const request = (path: string, fields = '') => `DEL ${path} HTTP/1.1\r\n${HOST}${fields}\r\n`;

  it('deletes like DELETE, and ends its connection', async () => {
    await ask(face, 'PUT', `/${DIR}/${id(9)}?tag1=00aa`, { body: 'x' });
    const gone = await raw(
      face.port,
      request(`/${DIR}/${id(9)}?tag1=00aa`, 'log-header: by hand\r\nUser-Agent: old\r\n'),
    );
    expect(gone.responses.map(({ status, body }) => [status, body])).toEqual([[200, '{"removed":1}']]);
    expect(gone.responses[0]?.headers.get('connection')).toBe('close');
    expect((await raw(face.port, request(`/${DIR}/${id(9)}`))).responses[0]?.status).toBe(404);
    expect(face.lines.at(-2)).toMatchObject({ method: 'DEL', status: 200, cache: 'removed', log: 'by hand' });
  });

  it('is understood behind other requests of its connection, once they are answered', async () => {
    const path = `/${DIR}/${id(10)}`;
    const { responses } = await raw(face.port, put('Content-Length: 1\r\n', 'x', path), {
      responses: 1,
    });
    expect(responses[0]?.status).toBe(201);
    const behind = await raw(face.port, GET, { pieces: ['', '', '', request(path)] });
    expect(behind.responses.map(({ status }) => status)).toEqual([200, 200]);
    expect((await ask(face, 'GET', path)).status).toBe(404);
  });

  it('takes a directory', async () => {
    const other = 'cd'.repeat(16);
    for (let i = 0; i < 3; i++) await ask(face, 'PUT', `/${other}/${id(i)}`, { body: 'x' });
    const { responses } = await raw(face.port, request(`/${other}/${WHOLE}`));
    expect(responses[0]?.body).toBe('{"removed":3}');
  });
});
