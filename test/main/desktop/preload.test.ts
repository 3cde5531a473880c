import { resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import { build } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DesktopBridge } from '../../../src/engine/protocol/desktop.ts';

const ENTRY = resolve(import.meta.dirname, '../../../src/main/desktop/preload.ts');

type Listener = (event: unknown, ...args: unknown[]) => void;

/** The preload script as it is built, run beside an ipcRenderer that writes down what it is asked. */
function run(code: string) {
  const invoked: unknown[][] = [];
  const listeners = new Map<string, Listener[]>();
  const exposed: Record<string, unknown> = {};
  const electron = {
    ipcRenderer: {
      invoke: (...args: unknown[]) => {
        invoked.push(args);
        return Promise.resolve('answered');
      },
      on: (channel: string, listener: Listener) =>
        listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
      off: (channel: string, listener: Listener) =>
        listeners.set(
          channel,
          (listeners.get(channel) ?? []).filter((one) => one !== listener),
        ),
    },
    contextBridge: {
      exposeInMainWorld: (name: string, api: unknown) => {
        exposed[name] = api;
      },
    },
  };
  const asked: string[] = [];
  const require = (name: string) => {
    asked.push(name);
    return electron;
  };
  runInNewContext(code, { require, module: { exports: {} }, exports: {} });
  return { asked, exposed, invoked, listeners, bridge: exposed['potluck'] as DesktopBridge };
}

describe('the preload script', () => {
  let code = '';
  beforeAll(async () => {
    const result = await build({
      configFile: false,
      logLevel: 'warn',
      build: {
        ssr: ENTRY,
        write: false,
        minify: false,
        rolldownOptions: { external: ['electron'], output: { format: 'cjs' } },
      },
    });
    const output = 'output' in result ? result.output : [];
    code = output.map((part) => ('code' in part ? part.code : '')).join('\n');
  });

  it('is one script that asks for nothing but electron', () => {
    expect(run(code).asked).toEqual(['electron']);
    expect(code.length).toBeLessThan(4000);
  });

  it('gives the window two functions and no more', () => {
    const { exposed, bridge } = run(code);
    expect(Object.keys(exposed)).toEqual(['potluck']);
    expect(Object.keys(bridge).sort()).toEqual(['call', 'onState']);
  });

  it('calls on one channel', async () => {
    const { bridge, invoked } = run(code);
    expect(await bridge.call('leave', { cold: true })).toBe('answered');
    expect(invoked).toEqual([['potluck:call', 'leave', { cold: true }]]);
  });

  it('hands the state on without the event that it came with, until nobody listens any more', () => {
    const { bridge, listeners } = run(code);
    const heard: unknown[][] = [];
    const end = bridge.onState((...args: unknown[]) => heard.push(args));
    const send = (state: string) => {
      for (const listener of listeners.get('potluck:state') ?? []) listener({ sender: 'ipcRenderer' }, state);
    };
    send('first');
    end();
    send('second');
    expect(heard).toEqual([['first']]);
  });
});
