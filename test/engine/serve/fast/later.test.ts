import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/engine/base/clock.ts';
import { silentLog } from '../../../../src/engine/base/log.ts';
import { Throttle } from '../../../../src/engine/rate/throttle.ts';
import type {
  FastAnswers,
  FastOutcome,
  FastReply,
  FastRequest,
} from '../../../../src/engine/serve/fast/fast-answers.ts';
import { headText } from '../../../../src/engine/serve/fast/head-text.ts';
import type { Arrival } from '../../../../src/engine/serve/handler.ts';
import { DataListener } from '../../../../src/engine/serve/listener.ts';
import { until } from '../ask.ts';
import { open, parseResponses, raw } from '../raw.ts';

/** Answers that wait until the test says what they are. */
class LateAnswers implements FastAnswers {
  readonly throttle = new Throttle({ clock: systemClock });
  readonly asked: { target: string; settle: (reply: FastReply | undefined) => void }[] = [];
  readonly outcomes: FastOutcome[] = [];

  answer({ target }: FastRequest): Promise<FastReply | undefined> {
    const late = Promise.withResolvers<FastReply | undefined>();
    this.asked.push({ target, settle: late.resolve });
    return late.promise;
  }

  running(): void {}

  sent(_request: FastRequest, _reply: FastReply, _connection: unknown, outcome: FastOutcome): void {
    this.outcomes.push(outcome);
  }
}

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: office\r\n\r\n`;

function reply(text: string): FastReply {
  const body = Buffer.from(text);
  const head = headText({ status: 200, fields: ['Content-Length', String(body.length)] }) ?? '';
  return { status: 200, head, body };
}

describe('an answer of the fast path that is not at hand at once', () => {
  let answers: LateAnswers;
  let listener: DataListener;
  const ordinary: string[] = [];

  beforeEach(async () => {
    answers = new LateAnswers();
    ordinary.length = 0;
    const handle = ({ request, response }: Arrival) => {
      ordinary.push(request.url ?? '');
      response.end('ordinary');
    };
    const handler = { handle, fast: answers };
    listener = new DataListener({ handler, log: silentLog, clock: systemClock }, { host: '127.0.0.1', port: 0 });
    await listener.start();
  });
  afterEach(() => listener.close());

  /** Sends requests one behind the other and gathers the bodies of their answers. */
  async function client(...requests: string[]) {
    const socket = await open(listener.address.port);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.write(requests.join(''));
    return { socket, bodies: () => parseResponses(text).map(({ body }) => body) };
  }

  it('is sent when it comes, and the connection goes on', async () => {
    const { socket, bodies } = await client(get('/a'));
    await until(() => answers.asked.length === 1, 'it is asked');
    expect(bodies()).toEqual([]);
    answers.asked[0]?.settle(reply('one'));
    await until(() => bodies().length === 1, 'it is answered');
    socket.write(get('/b'));
    await until(() => answers.asked.length === 2, 'the next one is asked');
    answers.asked[1]?.settle(reply('two'));
    await until(() => bodies().length === 2, 'it is answered too');
    expect(bodies()).toEqual(['one', 'two']);
    expect(ordinary).toEqual([]);
    await until(() => answers.outcomes.length === 2, 'both are over');
    expect(answers.outcomes).toMatchObject([
      { complete: true, bytes: 3 },
      { complete: true, bytes: 3 },
    ]);
    socket.destroy();
  });

  it('keeps what comes meanwhile for afterwards', async () => {
    const { socket, bodies } = await client(get('/a'));
    await until(() => answers.asked.length === 1, 'it is asked');
    socket.write(get('/b'));
    socket.write(`POST /c HTTP/1.1\r\nHost: office\r\nContent-Length: 0\r\n\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 20)); // on its way; whether it has arrived makes no difference
    expect(answers.asked).toHaveLength(1);
    answers.asked[0]?.settle(reply('one'));
    await until(() => bodies().length === 3 || answers.asked.length === 2, 'the next one has its turn');
    answers.asked[1]?.settle(reply('two'));
    await until(() => bodies().length === 3, 'all are answered');
    expect(bodies()[0]).toBe('one');
    expect(ordinary.at(-1)).toBe('/c');
    socket.destroy();
  });

  it('is left to node:http where there is none after all, with what came behind it', async () => {
    const { socket, bodies } = await client(get('/a'));
    await until(() => answers.asked.length === 1, 'it is asked');
    socket.write(get('/b'));
    answers.asked[0]?.settle(undefined);
    await until(() => bodies().length === 2, 'both are answered');
    expect(ordinary).toEqual(['/a', '/b']);
    expect(answers.outcomes).toEqual([]);
    socket.destroy();
  });

  it('is given back where the client has gone meanwhile', async () => {
    const { socket } = await client(get('/a'));
    await until(() => answers.asked.length === 1, 'it is asked');
    socket.resetAndDestroy();
    await until(() => listener.connections === 0, 'it is gone');
    answers.asked[0]?.settle(reply('late'));
    await until(() => answers.outcomes.length === 1, 'it is given back');
    expect(answers.outcomes[0]).toMatchObject({ complete: false, stillRead: false, bytes: 0 });
  });

  it('is waited for by a client that says no more, and by a listener that drains', async () => {
    const half = raw(listener.address.port, get('/a'), { end: true });
    await until(() => answers.asked.length === 1, 'it is asked');
    const { bodies } = await client(get('/b'));
    await until(() => answers.asked.length === 2, 'so is the other');
    const drained = listener.drain();
    for (const { target, settle } of answers.asked) settle(reply(target));
    expect((await half).responses.map(({ body }) => body)).toEqual(['/a']);
    await until(() => bodies().length === 1, 'the other is answered');
    await drained;
    expect(bodies()).toEqual(['/b']);
  });

  it('still gets an answer where the listener drains and node:http must give it', async () => {
    const { bodies } = await client(get('/a'));
    await until(() => answers.asked.length === 1, 'it is asked');
    const drained = listener.drain();
    answers.asked[0]?.settle(undefined);
    await drained;
    expect([ordinary, bodies()]).toEqual([['/a'], ['ordinary']]);
  });
});
