/**
 * Draws every picture of the app from its SVG sources: `npm run icons`. The results are committed, so that only who changes a source
 * needs the Chromium that draws them.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import chromium from '@sparticuz/chromium';
import { type Page, chromium as playwright } from 'playwright-core';
import { ICNS_SIZES, icnsFile, icoFile, type Picture } from './icon-files.ts';

const ASSETS = resolve(import.meta.dirname, '../assets');

const LINUX_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
const WINDOWS_SIZES = [16, 20, 24, 32, 40, 48, 64, 128, 256];
/** From here down fine lines would blur. */
const SMALL = 40;
/** An Apple icon keeps a tenth of its side free all around (Human Interface Guidelines: 824 of 1024 points). */
const APPLE_FRAME = 124;

const TRAY_STATES = ['idle', 'sharing', 'draining', 'paused', 'problem'];
const TRAY_SIZE = 16;
/** On Linux Electron hands the panel the largest. */
const TRAY_SCALES = [1, 2, 3];
const TEMPLATE_SCALES = [1, 2];
/** 100 to 400 % on Windows, in one file: there Electron takes no other size from a PNG than the smallest. */
const TRAY_ICON_SIZES = [16, 20, 24, 28, 32, 40, 48, 64];

/** Draws an SVG text, `width` by `height` pixels, on a transparent ground. */
type Draw = (svg: string, width: number, height?: number) => Promise<Buffer>;

function drawerOn(page: Page): Draw {
  return async (svg, width, height = width) => {
    await page.setViewportSize({ width, height });
    await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${svg}`);
    return page.screenshot({ omitBackground: true });
  };
}

function source(name: string): string {
  return readFileSync(join(ASSETS, name), 'utf8');
}

/** The SVG with an attribute of its root set to another value. */
function withAttribute(svg: string, name: string, value: string): string {
  const pattern = new RegExp(`(<svg[^>]* ${name}=")[^"]*"`);
  if (!pattern.test(svg)) throw new Error(`the SVG has no ${name}`);
  return svg.replace(pattern, `$1${value}"`);
}

async function appIcons(draw: Draw): Promise<void> {
  const svg = source('icon.svg');
  const at = async (size: number, box?: string): Promise<Picture> => {
    const sized = withAttribute(svg, 'data-size', size <= SMALL ? 'small' : 'large');
    return { size, png: await draw(box === undefined ? sized : withAttribute(sized, 'viewBox', box), size) };
  };
  const all = async (sizes: readonly number[], box?: string) => {
    const pictures: Picture[] = [];
    for (const size of sizes) pictures.push(await at(size, box));
    return pictures;
  };
  for (const { size, png } of await all(LINUX_SIZES)) write(`icons/${size}x${size}.png`, png);
  write('icon.ico', icoFile(await all(WINDOWS_SIZES)));
  const side = 1024 + 2 * APPLE_FRAME;
  write('icon.icns', icnsFile(await all(ICNS_SIZES, `${-APPLE_FRAME} ${-APPLE_FRAME} ${side} ${side}`)));
}

async function trayIcons(draw: Draw): Promise<void> {
  const svg = source('tray.svg');
  for (const state of TRAY_STATES) {
    for (const tone of ['template', 'light', 'dark']) {
      const toned = withAttribute(withAttribute(svg, 'data-state', state), 'data-tone', tone);
      const name = tone === 'template' ? `${state}Template` : `${state}-${tone}`;
      for (const scale of tone === 'template' ? TEMPLATE_SCALES : TRAY_SCALES) {
        const suffix = scale === 1 ? '' : `@${scale}x`;
        write(`tray/${name}${suffix}.png`, await draw(toned, TRAY_SIZE * scale));
      }
      if (tone === 'template') continue;
      const pictures: Picture[] = [];
      for (const size of TRAY_ICON_SIZES) pictures.push({ size, png: await draw(toned, size) });
      write(`tray/${name}.ico`, icoFile(pictures));
    }
  }
}

/** The ground of the disk image's window, for plain screens and Retina ones. */
async function diskImage(draw: Draw): Promise<void> {
  const svg = source('installer/dmg.svg');
  write('installer/dmg.png', await draw(svg, 540, 380));
  write('installer/dmg@2x.png', await draw(svg, 1080, 760));
}

function write(name: string, bytes: Buffer): void {
  writeFileSync(join(ASSETS, name), bytes);
}

async function main(): Promise<void> {
  for (const folder of ['icons', 'tray']) {
    rmSync(join(ASSETS, folder), { recursive: true, force: true });
    mkdirSync(join(ASSETS, folder));
  }
  const executablePath = process.env['CHROMIUM'] ?? (await chromium.executablePath());
  const browser = await playwright.launch({ executablePath, args: chromium.args, headless: true });
  try {
    const draw = drawerOn(await browser.newPage());
    await appIcons(draw);
    await trayIcons(draw);
    await diskImage(draw);
  } finally {
    await browser.close();
  }
}

await main();
