import { APP_ORIGIN } from '../../engine/protocol/desktop.ts';
import { servePage } from './page-files.ts';
import type { ElectronPieces } from './pieces.ts';

const SCHEME = new URL(APP_ORIGIN).protocol.slice(0, -1);

/** Tells Chromium that the app's scheme has origins, as http has. Before the app is ready, or never. */
export function registerScheme({ protocol }: Pick<ElectronPieces, 'protocol'>): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the window's page from `folder`. The returned function ends that. */
export function serveScheme({ protocol }: Pick<ElectronPieces, 'protocol'>, folder: string): () => void {
  protocol.handle(SCHEME, (request) => servePage(request, folder));
  return () => protocol.unhandle(SCHEME);
}
