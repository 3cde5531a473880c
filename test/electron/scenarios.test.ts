import { allScenarios } from '../e2e/desktop/scenarios/all.ts';
import { ElectronApp } from './electron-app.ts';
import { electronStart } from './places.ts';

/*
 * The same scenarios as in the double of Electron. Where nothing shows tray icons, as under Xvfb, what they say of the tray is left out.
 */

const start = electronStart();
if (typeof start === 'string') throw new Error(start);

allScenarios((options) => ElectronApp.launch(start, options));
