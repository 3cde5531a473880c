import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { PotluckError } from '../base/errors.ts';
import { MANAGER_MESSAGES, type ManagerMessage, PEER_MESSAGES, type PeerMessage } from './messages.ts';

/** Takes frames of one direction apart. Schemas are compiled when first needed: it costs milliseconds each. */
export class FrameReader<M> {
  readonly #schemas: ReadonlyMap<string, TSchema>;
  readonly #validators = new Map<string, Validator>();

  constructor(schemas: Readonly<Record<string, TSchema>>) {
    this.#schemas = new Map(Object.entries(schemas));
  }

  /**
   * The message of a frame; undefined where its type is unknown here, which is no fault. Throws POTLUCK_BAD_REQUEST, saying what is
   * wrong, for anything that is not a well-formed message.
   */
  read(text: string): M | undefined {
    const value = parse(text);
    const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
    if (typeof type !== 'string') throw new PotluckError('POTLUCK_BAD_REQUEST', 'a session frame has no type');
    const validator = this.#validator(type);
    if (validator === undefined) return undefined;
    if (!validator.Check(value)) throw new PotluckError('POTLUCK_BAD_REQUEST', describe(type, validator, value));
    return value as M;
  }

  #validator(type: string): Validator | undefined {
    const known = this.#validators.get(type);
    if (known !== undefined) return known;
    const schema = this.#schemas.get(type);
    if (schema === undefined) return undefined;
    const compiled = Compile(schema) as unknown as Validator;
    this.#validators.set(type, compiled);
    return compiled;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new PotluckError('POTLUCK_BAD_REQUEST', 'a session frame is not JSON', { cause: error });
  }
}

function describe(type: string, validator: Validator, value: unknown): string {
  const [first] = validator.Errors(value);
  const where = first === undefined || first.instancePath === '' ? '' : ` at ${first.instancePath.slice(0, 100)}`;
  return `the session message '${type}'${where} ${first?.message ?? 'is malformed'}`;
}

/** What a manager reads. */
export function peerFrames(): FrameReader<PeerMessage> {
  return new FrameReader<PeerMessage>(PEER_MESSAGES);
}

/** What a peer reads. */
export function managerFrames(): FrameReader<ManagerMessage> {
  return new FrameReader<ManagerMessage>(MANAGER_MESSAGES);
}

/** Splits a list into runs whose JSON stays below `bytes` (one item alone may exceed it) and that have at most `count` items. */
export function packed<T>(items: readonly T[], count: number, bytes: number): T[][] {
  const runs: T[][] = [];
  let run: T[] = [];
  let size = 0;
  for (const item of items) {
    const weight = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (run.length > 0 && (run.length >= count || size + weight > bytes)) {
      runs.push(run);
      run = [];
      size = 0;
    }
    run.push(item);
    size += weight;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}
