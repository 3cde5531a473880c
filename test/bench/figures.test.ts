import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, ROWS } from '../../bench/cached.ts';
import { readOptions, UsageError } from '../../bench/options.ts';
import { reportRow } from '../../bench/report.ts';
import { ratio, tableLines } from '../../bench/table.ts';
import { readResult } from '../../bench/wrk.ts';

const WRK = `Running 1s test @ http://127.0.0.1:1/1k
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   704.18us  161.02us   4.68ms   91.59%
    Req/Sec    90.98k     3.40k   95.44k    72.73%
  99502 requests in 1.10s, 130.87MB read
Requests/sec:  90463.29
Transfer/sec:    118.98MB
`;

describe('what wrk prints', () => {
  it('is read', () => {
    expect(readResult(WRK)).toEqual({
      requests: 99_502,
      requestsPerSecond: 90_463.29,
      bytesPerSecond: 118.98 * 1024 ** 2,
    });
  });

  it.each(['  Non-2xx or 3xx responses: 12', '  Socket errors: connect 0, read 3, write 0, timeout 0'])(
    'is no figure where there was trouble: %s',
    (trouble) => {
      expect(() => readResult(WRK.replace('Requests/sec', `${trouble}\nRequests/sec`))).toThrow(trouble.trim());
    },
  );

  it('is no figure where it is something else', () => {
    expect(() => readResult('unable to connect')).toThrow('unable to connect');
  });
});

describe('the median', () => {
  it('has as many figures below it as above', () => {
    expect([median([]), median([3]), median([9, 1, 5]), median([4, 1, 2, 100])]).toEqual([undefined, 3, 5, 3]);
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1 }), (figures) => {
        const middle = median(figures) as number;
        const below = figures.filter((figure) => figure < middle).length;
        const above = figures.filter((figure) => figure > middle).length;
        expect(below).toBeLessThanOrEqual(figures.length / 2);
        expect(above).toBeLessThanOrEqual(figures.length / 2);
      }),
    );
  });
});

describe('a row of the report', () => {
  const row = ROWS[0]!;

  it('holds the peer against the better nginx', () => {
    const rounds = (...rates: number[]) => rates.map((rate) => ({ rate, cpu: 1e9 / rate }));
    const figures = new Map([
      ['nginx', rounds(90, 100, 110)],
      ['nginx-copy', rounds(200, 50, 120)],
      ['peer', rounds(96, 97, 95)],
    ] as const);
    expect(reportRow({ row, figures })).toMatchObject({
      figures: { nginx: 100, 'nginx-copy': 120, peer: 96 },
      ratio: 0.8,
    });
  });

  it('has no ratio without nginx', () => {
    expect(reportRow({ row, figures: new Map([['peer', [{ rate: 1, cpu: undefined }]]]) }).ratio).toBeNull();
  });
});

describe('the table', () => {
  it('puts text to the left and figures to the right', () => {
    const columns = [{ title: 'size', align: 'left' as const }, { title: 'figure' }];
    expect(
      tableLines(
        columns,
        [
          ['1K', '1'],
          ['256K', '1,000,000'],
        ],
        { indent: 1 },
      ),
    ).toEqual([' size     figure', ' 1K            1', ' 256K  1,000,000']);
    expect([ratio(1, 3), ratio(undefined, 1), ratio(1, 0)]).toEqual(['0.33', '-', '-']);
  });
});

describe("the benchmark's command line", () => {
  const sizes = ['1K', '1G'];

  it('measures everything where nothing is said', () => {
    expect(readOptions([], sizes)).toMatchObject({ rounds: 5, seconds: 4, sizes, fanOut: true, json: false });
    expect(readOptions(['--quick'], sizes)).toMatchObject({ rounds: 3, seconds: 1 });
    expect(readOptions(['--servers', 'peer,nginx', '--sizes', '1G'], sizes)).toMatchObject({
      servers: ['nginx', 'peer'],
      sizes: ['1G'],
    });
  });

  it.each([['--rounds', '0'], ['--servers', 'apache'], ['--sizes', '2K'], ['--what']])('refuses %s %s', (...args) => {
    expect(() =>
      readOptions(
        args.filter((arg) => arg !== undefined),
        sizes,
      ),
    ).toThrow(UsageError);
  });
});
