import type { PotluckError } from '../base/errors.ts';
import type { Connection, Running } from '../serve/connection.ts';
import { farewell, rawError } from '../serve/refuse.ts';

/** A request that node's parser has not seen, on its connection, which ends with the answer: the parser cannot go on. */
export class DelExchange implements Running {
  readonly expecting = false;
  readonly last = true;
  readonly connection: Connection;
  ended = false;
  begun = false;
  /** The client is gone. */
  gone = false;
  readonly #linger: number;

  constructor(connection: Connection, options: { linger: number }) {
    this.connection = connection;
    this.#linger = options.linger;
    connection.refused = true; // whatever the parser still says of it
    connection.running.push(this);
  }

  closed(): void {
    this.gone = true;
  }

  closeAfter(): void {}

  /** Answers 200 with a body of JSON. */
  succeed(value: object, fields: readonly string[]): void {
    const body = JSON.stringify(value);
    let text = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
    this.#end(`${text}Connection: close\r\n\r\n${body}`);
  }

  fail(error: PotluckError, fields: readonly string[]): void {
    const lines: string[] = [];
    for (let i = 0; i + 1 < fields.length; i += 2) lines.push(`${fields[i]}: ${fields[i + 1]}`);
    this.#end(rawError(error, lines));
  }

  #end(text: string): void {
    this.begun = true;
    this.ended = true;
    if (!this.gone) farewell(this.connection.socket, text, this.#linger);
    this.connection.end(this);
  }
}
