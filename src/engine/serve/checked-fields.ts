import { PotluckError } from '../base/errors.ts';
import type { Exchange } from './exchange.ts';
import { type Fields, readFields } from './fields.ts';
import type { Arrival } from './handler.ts';

/**
 * Checks a message before anything is made of it. Behind one that is not sound, nothing more is read from the connection. Throws what
 * `readFields` throws, and POTLUCK_EXPECTATION_FAILED.
 */
export function checkedFields({ request, response }: Exchange, { expects }: Arrival, maxFields: number): Fields {
  const { shouldKeepAlive } = response;
  response.shouldKeepAlive = false;
  if (request.httpVersionMajor !== 1) throw new PotluckError('POTLUCK_BAD_REQUEST', 'HTTP/1.0 or 1.1 is expected');
  const fields = readFields(request.rawHeaders, request.httpVersionMinor, maxFields);
  if (expects === 'unknown') throw new PotluckError('POTLUCK_EXPECTATION_FAILED');
  // After Expect the client may or may not send its body (RFC 9110 section 10.1.1). Bytes that come in one packet with a request
  // for an upgrade are lost in Node's parser, even where the upgrade is ignored: the rest would begin anywhere.
  if (expects === undefined && !fields.upgrade) response.shouldKeepAlive = shouldKeepAlive;
  return fields;
}
