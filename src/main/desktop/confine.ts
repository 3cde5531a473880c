/** What reaches beyond this computer. The page's own policy forbids it already; this holds for what Chromium itself would fetch as well. */
const REMOTE = ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*'];

/** The page stays the page: nothing else is ever shown, opened, fetched, downloaded or allowed in its window. */
export function confine(contents: Electron.WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  // The main process alone loads a page, and what it loads raises none of these.
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  confineSession(contents.session);
}

/** Idempotent. */
function confineSession(session: Electron.Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest({ urls: REMOTE }, (_details, answer) => answer({ cancel: true }));
  session.off('will-download', refuseDownload);
  session.on('will-download', refuseDownload);
  // Else dictionaries are fetched from the internet.
  session.setSpellCheckerEnabled(false);
}

function refuseDownload(event: Electron.Event): void {
  event.preventDefault();
}
