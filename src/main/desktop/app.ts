import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { PotluckError } from '../../engine/base/errors.ts';
import { CloseStack } from '../../engine/base/lifecycle.ts';
import type { Log } from '../../engine/base/log.ts';
import type { DesktopState } from '../../engine/protocol/desktop.ts';
import { startImageAgain } from './again.ts';
import { refuseNap } from './awake.ts';
import { CrashGuard } from './crash.ts';
import { Face } from './face.ts';
import { FrontDoor } from './front-door.ts';
import { registerLinks } from './links.ts';
import { HIDDEN, LoginItem, startsHidden } from './login.ts';
import { type Hub, Model } from './model.ts';
import { type Opened, openFiles } from './opened.ts';
import type { ElectronPieces } from './pieces.ts';
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
    mustBeWritable(electron.app.getPath('userData'));
    electron.app.quit();
    return undefined;
  }
  registerScheme(electron);
  // Windows shows notifications of programs that it knows by this name: the one of electron-builder.yml.
  if (surroundings.platform === 'win32') electron.app.setAppUserModelId(APP_ID);
  await electron.app.whenReady();
  if (surroundings.platform === 'darwin') refuseNap(electron);
  const stack = new CloseStack();
  stack.use(door);
  try {
    return await compose(electron, surroundings, door, stack);
  } catch (error) {
    await stack.close().catch(() => undefined); // the first error is the one that matters
    throw error;
  }
}

/** Where its folder cannot be written, Electron says the same as where another one runs: nothing would be seen of this one. */
function mustBeWritable(folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new PotluckError('POTLUCK_STATE_UNWRITABLE', folder, { cause: error });
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
  start(parts, electron, around, stack);
  await begin(electron, around, door, parts);
  return {
    get state() {
      return parts.face.state;
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
    takenOut: (manager) => face.announcer.takenOut(manager),
  };
  const updates = stack.use(
    await makeUpdates(opened, around, { quit: (last) => quit.quit(last), windowOpen: () => face.window.isOpen }),
  );
  const model: Model = new Model({ electron, opened, updates, hub }, around);
  const face: Face = new Face({ electron, opened, model, updates }, around);
  const crash = makeCrashGuard(electron, around, { opened, model, leaving: () => quit.leaving });
  const [goodbye, wake] = [() => model.goodbye(), () => model.wake()];
  const ending = (on: boolean) => {
    face.window.release(on);
    quit.release(on);
  };
  const power = new Power({ electron, log, goodbye, wake, ending }, around);
  const quit: Quit = new Quit(
    {
      app: electron.app,
      process: around.process,
      log,
      wantsWarm: () => file.settings.quitWarm && (model.engine.peer?.snapshot().running ?? 0) > 0,
      drain: () => model.engine.drain(),
      stop: () => stack.close(),
      startAgain: (link) => {
        const words = around.relaunch.args.filter((word) => word !== HIDDEN);
        startAgain(electron, opened, { ...around.relaunch, args: link === undefined ? words : [...words, link] });
      },
    },
    around.quitDeadline === undefined ? {} : { deadline: around.quitDeadline },
  );
  return { opened, hub, updates, model, face, crash, power, quit };
}

/** The list of starts; the stack is, reversed, the list of stops. */
function start(parts: Parts, electron: ElectronPieces, around: Surroundings, stack: CloseStack): void {
  const { opened, hub, updates, model, face, crash, power, quit } = parts;
  crash.start();
  stack.use(crash);
  if (around.release) stack.defer(takeLinks(electron, around, opened));
  stack.defer(serveScheme(electron, around.page));
  stack.defer(() => opened.totals.save());
  model.holding.start();
  stack.use(model.holding);
  stack.use(model.nearby);
  stack.use(model.conditions); // a join waits for what they say: they end after the engine
  stack.use(model.engine);
  model.conditions.start();
  stack.defer(updates.subscribe(hub.moved));
  void opened.secrets.known.then(hub.moved);
  stack.use(face.notifications);
  stack.use(face.tray);
  stack.use(face);
  stack.use(face.publisher);
  stack.use(face.window);
  face.ipc.start();
  stack.use(face.ipc);
  stack.defer(followTheme(electron, opened, hub));
  power.start();
  stack.use(power);
  stack.defer(everyMinute(() => Promise.all([model.minute(), face.lookForTray()]), opened.log));
  quit.start();
  keepRunning(electron);
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

function makeCrashGuard(
  electron: ElectronPieces,
  around: Surroundings,
  { opened, model, leaving }: { opened: Opened; model: Model; leaving: () => boolean },
): CrashGuard {
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
      leaving,
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
async function begin(electron: ElectronPieces, around: Surroundings, door: FrontDoor, parts: Parts): Promise<void> {
  const { opened, model, face, updates, crash } = parts;
  const { settings, memory } = opened.file;
  const hidden = startsHidden(electron.app, around) || updates.startsHidden;
  face.start({ hidden });
  if (around.release) followLogin(new LoginItem(electron.app, around), opened);
  if (settings.joinAutomatically && memory.joined) void model.membership.rejoinLast(true);
  const reason = crash.takeReason();
  if (reason !== null) model.engine.show(reason);
  // A link, or a second start, that came meanwhile brings the window by itself.
  const brought = door.attend({ show: () => face.open(), again: (link) => startedAgain(parts, link) });
  if (!brought && (!hidden || reason !== null)) face.open({ quiet: hidden });
  await face.tray.look(); // the desktop's message bus may take seconds to say that; no window waits for it
  if (hidden && !face.tray.present) face.open({ minimised: true });
  face.publisher.changed();
}

/** A build from source is not what links, or the next login, should start tomorrow. Returns what waits for the end of it. */
function takeLinks({ app }: ElectronPieces, around: Surroundings, { log }: Opened): () => Promise<void> {
  const taken = registerLinks({ app, probe: around.probe, log }, around);
  return () => taken;
}

/** Whether the app starts at login is what the system says: the person may have changed it there. */
function followLogin(login: LoginItem, { file, log }: Opened): void {
  try {
    login.refresh();
    const { enabled } = login;
    if (enabled !== file.settings.startAtLogin) file.change({ startAtLogin: enabled });
  } catch (err) {
    log.warn({ err }, 'it is not known whether the app starts at login');
  }
}

/** Whoever starts an app that is on its way out wants to have it afterwards. */
function startedAgain({ quit, face, model }: Parts, link: string | undefined): void {
  if (quit.quitting) quit.comeBack(link);
  if (link === undefined || quit.quitting) face.open();
  else model.membership.open(link);
}

function everyMinute(look: () => Promise<unknown>, log: Log): () => void {
  // What fails now may go well the next time: it is no reason for the app to end.
  const failed = (err: unknown) => log.error({ err }, 'what is done every minute has failed');
  const timer = setInterval(() => void look().catch(failed), MINUTE).unref();
  return () => clearInterval(timer);
}

function followTheme({ nativeTheme }: ElectronPieces, { file }: Opened, hub: Hub): () => void {
  nativeTheme.themeSource = file.settings.theme;
  const changed = () => hub.changed();
  nativeTheme.on('updated', changed);
  return () => nativeTheme.off('updated', changed);
}

/** The app outlives its window. Without a listener Electron quits with the last one. */
function keepRunning({ app }: ElectronPieces): void {
  app.on('window-all-closed', () => undefined);
}
