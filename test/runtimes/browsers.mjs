/** The three browsers: each `open` shows a page, and answers what closes it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installed, tool } from './install.mjs';
import { freePort, LIMIT_MS, start, untilAnswered } from './processes.mjs';

function which(command) {
  try {
    return execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** A browser by itself is not enough: what drives it has to be installed, and what bundles its pages. */
const driven = (command, driver) => installed('esbuild') && installed(driver) && which(command);

const MINI_BROWSER = () => {
  try {
    return execFileSync('dpkg', ['-L', 'libwebkit2gtk-4.1-0'], { encoding: 'utf8', stdio: 'pipe' })
      .split('\n')
      .find((line) => line.endsWith('/MiniBrowser') && existsSync(line));
  } catch {
    return undefined;
  }
};

const CHROMIUM = '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync';

export const chromium = {
  where: () => driven('chromium', 'playwright-core'),
  async open(url) {
    const { default: playwright } = await tool('playwright-core');
    const browser = await playwright.chromium.launch({
      executablePath: which('chromium'),
      args: [...CHROMIUM.split(' '), '--disable-component-update'],
      timeout: LIMIT_MS,
    });
    const page = await browser.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    await page.goto(url);
    /** Ends service workers, as browsers do with those that nobody asks. */
    const stopWorkers = async () => {
      const session = await page.context().newCDPSession(page);
      await session.send('ServiceWorker.enable');
      await session.send('ServiceWorker.stopAllWorkers');
    };
    return { version: browser.version(), page, stopWorkers, close: () => browser.close() };
  },
};

/** Why there is no test, where there is none. */
export const LEFT_OUT = 'in Chromium: left out, npm run runtimes:setup -- --browsers installs it and what drives it';

const FIREFOX = {
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
};

export const firefox = {
  where: () => driven('firefox-esr', 'puppeteer-core'),
  async open(url) {
    const { default: puppeteer } = await tool('puppeteer-core');
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: which('firefox-esr'),
      headless: true,
      extraPrefsFirefox: FIREFOX,
      timeout: LIMIT_MS,
      protocolTimeout: LIMIT_MS,
    });
    const page = await browser.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    await page.goto(url, { timeout: LIMIT_MS });
    return { version: (await browser.version()).split('/').at(-1), page, close: () => browser.close() };
  },
};

async function openSession(driver, url) {
  const send = async (method, path, body) => {
    const response = await fetch(`${driver}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(value.message);
    return value;
  };
  const options = { binary: MINI_BROWSER(), args: ['--automation'] };
  const alwaysMatch = { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options };
  const { sessionId, capabilities } = await untilAnswered(() => send('POST', '/session', { capabilities: { alwaysMatch } }));
  const close = () => send('DELETE', `/session/${sessionId}`).catch(() => {});
  await send('POST', `/session/${sessionId}/url`, { url });
  return { version: capabilities.browserVersion, close };
}

export const webkit = {
  where: () => installed('esbuild') && which('WebKitWebDriver') && which('broadwayd') && MINI_BROWSER(),
  async open(url) {
    const [display, port] = [await freePort(), await freePort()];
    // The display is a socket below this folder, so that its number is nobody else's.
    const folder = mkdtempSync(join(tmpdir(), 'tracelet-display-'));
    const env = { XDG_RUNTIME_DIR: folder, GDK_BACKEND: 'broadway', BROADWAY_DISPLAY: ':7', JSC_useSharedArrayBuffer: '1' };
    const started = [start('broadwayd', ['-p', String(display), env.BROADWAY_DISPLAY], { env })];
    const stop = async () => {
      for (const each of started.toReversed()) await each.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    try {
      await started[0].says('Listening');
      started.push(start('WebKitWebDriver', ['-p', String(port)], { env }));
      const session = await openSession(`http://127.0.0.1:${port}`, url);
      return { version: session.version, close: () => session.close().then(stop) };
    } catch (error) {
      await stop();
      throw error;
    }
  },
};
