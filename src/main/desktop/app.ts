import { join } from 'node:path';
import { CloseStack } from '../../engine/base/lifecycle.ts';
import type { DesktopState } from '../../engine/protocol/desktop.ts';
import { startImageAgain } from './again.ts';
import { CrashGuard } from './crash.ts';
import { Face } from './face.ts';
import { FrontDoor } from './front-door.ts';
import { HIDDEN } from './login.ts';
import { type Hub, Model } from './model.ts';
import { type Opened, openFiles } from './opened.ts';
import type { ElectronPieces, Platform } from './pieces.ts';
import { Power } from './power.ts';
import { registerScheme, serveScheme } from './protocol-scheme.ts';
import { Quit } from './quit.ts';
import type { Surroundings, UpdateParts } from './surroundings.ts';
import type { Updates } from './updates.ts';

/** How often what changes slowly is looked at and kept, milliseconds. */
const MINUTE = 60_000;

/** As in electron-builder.yml. */
const APP_ID = 'org.potluck.desktop';

/** The running app, for whoever started it. */
export interface DesktopApp {
  /** What window and tray show now. */
  readonly state: DesktopState;
  /** Leaves cold and stops everything. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts the desktop app. Undefined where it runs already: that one is shown instead, and takes over the link that this one was started with.
 * Rejects with what kept it from starting; everything is closed by then.
 */
export async function startDesktop(
  electron: ElectronPieces,
  surroundings: Surroundings,
): Promise<DesktopApp | undefined> {
  const door = new FrontDoor(electron.app, surroundings);
  if (!door.open()) {
    electron.app.quit();
    return undefined;
  }
  registerScheme(electron);
  // Windows shows notifications of programs that it knows by this name: the one of electron-builder.yml.
  if (surroundings.platform === 'win32') electron.app.setAppUserModelId(APP_ID);
  await electron.app.whenReady();
  const stack = new CloseStack();
  stack.use(door);
  try {
    return await compose(electron, surroundings, door, stack);
  } catch (error) {
    await stack.close().catch(() => undefined); // the first error is the one that matters
    throw error;
  }
}

async function compose(
  electron: ElectronPieces,
  around: Surroundings,
  door: FrontDoor,
  stack: CloseStack,
): Promise<DesktopApp> {
  const opened = await openFiles(electron, around, stack);
  const parts = await makeParts(electron, around, opened, stack);
  const { face, model, crash } = parts;
  await start(parts, electron, around, stack);
  begin(around, parts);
  model.engine.show(crash.takeReason());
  door.attend({ show: () => face.open(), link: (text) => model.membership.open(text) });
  return {
    get state() {
      return face.state;
    },
    stop: () => stack.close(),
  };
}

/** What the app consists of. */
interface Parts {
  readonly opened: Opened;
  readonly hub: Hub;
  readonly updates: Updates;
  readonly model: Model;
  readonly face: Face;
  readonly crash: CrashGuard;
  readonly power: Power;
  readonly quit: Quit;
}

/** Makes the parts, and tells each how to reach the others. Nothing is started yet but what updates remember. */
async function makeParts(
  electron: ElectronPieces,
  around: Surroundings,
  opened: Opened,
  stack: CloseStack,
): Promise<Parts> {
  const { log, file } = opened;
  const hub: Hub = {
    changed: () => face.publisher.changed(),
    moved: () => face.publisher.moved(),
    ask: () => face.open(),
    portChanged: (port) => face.announcer.portChanged(port),
  };
  const updates = stack.use(
    await makeUpdates(opened, around, { quit: (last) => quit.quit(last), windowOpen: () => face.window.isOpen }),
  );
  const model: Model = new Model({ electron, opened, updates, hub }, around);
  const face: Face = new Face({ electron, opened, model, updates }, around);
  const crash = makeCrashGuard(electron, around, opened, model);
  const [goodbye, wake, ending] = [() => model.goodbye(), () => model.wake(), () => quit.release()];
  const power = new Power({ electron, log, goodbye, wake, ending }, around);
  const quit: Quit = new Quit(
    {
      app: electron.app,
      log,
      wantsWarm: () => file.settings.quitWarm && (model.engine.peer?.snapshot().running ?? 0) > 0,
      drain: () => model.engine.drain(),
      stop: () => stack.close(),
    },
    around.quitDeadline === undefined ? {} : { deadline: around.quitDeadline },
  );
  return { opened, hub, updates, model, face, crash, power, quit };
}

/** The list of starts; the stack is, reversed, the list of stops. */
async function start(parts: Parts, electron: ElectronPieces, around: Surroundings, stack: CloseStack): Promise<void> {
  const { opened, hub, updates, model, face, crash, power, quit } = parts;
  crash.start();
  stack.use(crash);
  stack.defer(serveScheme(electron, around.page));
  stack.defer(() => opened.totals.save());
  model.holding.start();
  stack.use(model.holding);
  stack.use(model.nearby);
  stack.use(model.engine);
  stack.defer(updates.subscribe(hub.moved));
  stack.use(model.conditions);
  void model.conditions.start(); // PowerShell takes seconds; what is not known yet holds nothing back
  stack.use(face.notifications);
  stack.use(face.tray);
  await face.tray.look();
  stack.use(face.publisher);
  stack.use(face.window);
  face.ipc.start();
  stack.use(face.ipc);
  stack.defer(followTheme(electron, opened, hub));
  power.start();
  stack.use(power);
  stack.defer(everyMinute(() => Promise.all([model.minute(), face.lookForTray()])));
  quit.start();
  keepRunning(electron, around.platform);
}

function makeUpdates(
  opened: Opened,
  around: Surroundings,
  app: Pick<UpdateParts, 'quit' | 'windowOpen'>,
): Promise<Updates> {
  const { log, folder, file } = opened;
  return around.makeUpdates({
    log,
    probe: around.probe,
    folder: join(folder, 'updates'),
    version: around.version,
    choice: () => file.settings.updates,
    ...app,
  });
}

function makeCrashGuard(electron: ElectronPieces, around: Surroundings, opened: Opened, model: Model): CrashGuard {
  return new CrashGuard(
    {
      app: {
        exit: (code) => electron.app.exit(code),
        relaunch: (options = {}) => startAgain(electron, opened, options),
      },
      process: around.process,
      log: opened.log,
      clock: around.clock,
      goodbye: () => model.goodbye(),
    },
    { file: join(opened.folder, 'crash.json'), relaunch: around.relaunch },
  );
}

/** Electron starts a program again, but no AppImage. */
function startAgain({ app }: ElectronPieces, { log }: Opened, { execPath, args = [] }: Electron.RelaunchOptions): void {
  if (execPath === undefined) app.relaunch({ args });
  else startImageAgain(execPath, args, { failed: (err) => log.error({ err }, 'the app could not be started again') });
}

/** Where the app goes on from: nothing is shared before the person has joined once, and nothing after they have left. */
function begin(around: Surroundings, { opened, model, face, updates }: Parts): void {
  const { settings, memory } = opened.file;
  if (settings.joinAutomatically && memory.joined) void model.membership.rejoinLast(true);
  if (!around.argv.includes(HIDDEN) && !updates.startsHidden) face.open();
  else if (!face.tray.present) face.open({ minimised: true });
  face.publisher.changed();
}

function everyMinute(look: () => Promise<unknown>): () => void {
  const timer = setInterval(() => void look(), MINUTE).unref();
  return () => clearInterval(timer);
}

function followTheme({ nativeTheme }: ElectronPieces, { file }: Opened, hub: Hub): () => void {
  nativeTheme.themeSource = file.settings.theme;
  const changed = () => hub.changed();
  nativeTheme.on('updated', changed);
  return () => nativeTheme.off('updated', changed);
}

/** The app outlives its window. Without a listener Electron quits with the last one. */
function keepRunning({ app, Menu }: ElectronPieces, platform: Platform): void {
  app.on('window-all-closed', () => undefined);
  // Without a menu there are no shortcuts for reloading, zooming or developer tools; a Mac needs one for copy and paste.
  if (platform !== 'darwin') Menu.setApplicationMenu(null);
}
