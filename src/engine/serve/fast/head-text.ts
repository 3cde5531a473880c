import { STATUS_CODES } from 'node:http';
import type { ResponseHead } from '../response-head.ts';

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What a value may not have (RFC 9110 section 5.5): it would end the field, or could not be written as it is. */
const UNFIT = /[^\t\x20-\x7e\x80-\xff]/;
/** Fields that say how a message is framed, or what becomes of its connection: nobody but the connection decides that. */
const FRAMING = /^(?:connection|keep-alive|transfer-encoding|trailer|upgrade)$/i;

/**
 * A head as it goes over the wire on a connection that stays open (RFC 9112 sections 4 and 5), Latin-1, empty line included: what node:http
 * makes of the same status and fields. Undefined where a field cannot be sent, which the ordinary path then says.
 */
export function headText({ status, fields }: ResponseHead): string | undefined {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (!NAME.test(name) || UNFIT.test(value) || FRAMING.test(name)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return `${text}Connection: keep-alive\r\n\r\n`;
}
