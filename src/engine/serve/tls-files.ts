import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { PotluckError } from '../base/errors.ts';
import type { TlsFiles } from '../base/settings.ts';
import type { Certificate } from './listener.ts';

/** Reads and checks a certificate and its key. Throws POTLUCK_FILE_UNREADABLE with what is wrong with which file. */
export function readCertificate(files: TlsFiles): Certificate {
  const certificate = { cert: read(files.cert), key: read(files.key) };
  try {
    createSecureContext(certificate);
  } catch (error) {
    const detail = `${files.cert} and ${files.key} do not make a certificate (${(error as Error).message})`;
    throw new PotluckError('POTLUCK_FILE_UNREADABLE', detail, { cause: error });
  }
  return certificate;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new PotluckError('POTLUCK_FILE_UNREADABLE', (error as Error).message, { cause: error });
  }
}
