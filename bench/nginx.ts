import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, tempFolder } from '../test/support/help.ts';
import { collectText, OwnedProcess } from '../test/support/process.ts';
import { pinned, SERVER_CORE } from './cores.ts';
import type { ServerName } from './options.ts';
import type { Server } from './server.ts';

const START_TIMEOUT = 10_000;
const STOP_GRACE = 5_000;

interface Ports {
  /** With sendfile, and without. */
  readonly sendfile: number;
  readonly copy: number;
}

/**
 * nginx with two servers over one proxy_cache, which differ in sendfile only: which one is better depends on the size. Everything
 * that costs and is not needed is off; open files and connections are kept.
 */
function configuration(folder: string, origin: string, ports: Ports): string {
  const server = (port: number, sendfile: string) => `
  server {
    listen 127.0.0.1:${port} backlog=1024;
    ${sendfile}
    location / {
      proxy_pass ${origin};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache bench;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 60s;
      proxy_cache_lock_age 60s;
      proxy_cache_valid 200 1d;
    }
  }`;
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : '';
  return `
daemon off;
master_process off; # one process on one core; nothing is left behind when it is killed
${user}
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 4096; multi_accept on; use epoll; }
http {
  access_log off;
  server_tokens off;
  etag on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  open_file_cache max=1000 inactive=10m;
  open_file_cache_valid 10m;
  client_body_temp_path ${folder}/client;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=bench:10m max_size=8g inactive=1d use_temp_path=off;
  ${server(ports.sendfile, 'sendfile on;')}
  ${server(ports.copy, 'sendfile off; output_buffers 2 1m;')}
}
`;
}

/** A private nginx on free ports: paths, process id and cache in a folder of its own. */
export class Nginx implements AsyncDisposable {
  readonly #folder = tempFolder('potluck-bench-nginx-');
  readonly #ports: Ports;
  readonly #process: OwnedProcess;
  readonly #stderr: () => string;

  private constructor(origin: string, ports: Ports) {
    this.#ports = ports;
    const { path } = this.#folder;
    mkdirSync(join(path, 'cache'));
    writeFileSync(join(path, 'nginx.conf'), configuration(path, origin, ports));
    const args = ['nginx', '-p', path, '-c', join(path, 'nginx.conf'), '-e', join(path, 'error.log')];
    const [command = '', ...rest] = pinned(SERVER_CORE, args);
    this.#process = new OwnedProcess(command, rest, { detached: true });
    this.#stderr = collectText(this.#process.child.stderr);
  }

  /** Starts one in front of `origin` on the server's core. Throws with its own words where it does not come up. */
  static async start(origin: string): Promise<Nginx> {
    const ports = { sendfile: await freePort(), copy: await freePort() };
    const nginx = new Nginx(origin, ports);
    try {
      await nginx.#ready();
      return nginx;
    } catch (error) {
      await nginx.close();
      throw error;
    }
  }

  async #ready(): Promise<void> {
    await eventually(async () => {
      if (!this.#process.alive) return true;
      await fetch(`http://127.0.0.1:${this.#ports.copy}/_bench_is_up`, { method: 'HEAD' });
      return true;
    }, START_TIMEOUT);
    if (!this.#process.alive) throw new Error(`nginx did not start: ${this.#stderr().trim()}`);
  }

  /** One of its two servers. */
  server(name: Extract<ServerName, 'nginx' | 'nginx-copy'>): Server {
    const port = name === 'nginx' ? this.#ports.sendfile : this.#ports.copy;
    const url = async (path: string) => `http://127.0.0.1:${port}${path}`;
    return { name, pid: this.#process.pid, url, close: async () => undefined };
  }

  async close(): Promise<void> {
    await this.#process.stop(STOP_GRACE);
    this.#folder.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
