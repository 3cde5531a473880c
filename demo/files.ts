import type { PlainFile } from '../test/support/origin-process.ts';

const NOTES = 20;
const NOTE_SIZE = 16 * 1024;
const FRESH = 'public, max-age=3600';

/** What the demo's own origin offers: a large file, two smaller ones, many small ones, and a page that lists them. */
export function demoFiles(largest: number): Record<string, PlainFile> {
  const files: Record<string, PlainFile> = {
    '/pub/system.iso': { size: largest, contentType: 'application/x-iso9660-image' },
    '/pub/office.zip': { size: Math.ceil(largest / 4), contentType: 'application/zip' },
    '/pub/handbook.pdf': { size: Math.ceil(largest / 32), contentType: 'application/pdf' },
  };
  for (let note = 1; note <= NOTES; note++) {
    files[`/notes/${String(note).padStart(2, '0')}.bin`] = { size: NOTE_SIZE, contentType: 'application/octet-stream' };
  }
  for (const file of Object.values(files)) file.cacheControl = FRESH;
  return files;
}

/** The page at `/`, for those who open the manager's address in a browser. */
export function listing(paths: readonly string[]): PlainFile {
  const items = paths.map((path) => `<li><a href="${path}">${path}</a></li>`).join('\n');
  const body = `<!doctype html>\n<title>Potluck demo</title>\n<h1>Potluck demo</h1>\n<ul>\n${items}\n</ul>\n`;
  return { body, contentType: 'text/html; charset=utf-8', cacheControl: 'public, max-age=60' };
}
