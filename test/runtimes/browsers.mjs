/** The three browsers: each `open` shows a page, and answers what closes it. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tool } from './install.mjs';
import { freePort, start, untilAnswered } from './processes.mjs';

const BROADWAY_DISPLAY = ':77';

function which(command) {
  try {
    return execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

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
  where: () => which('chromium'),
  async open(url) {
    const { default: playwright } = await tool('playwright-core');
    const browser = await playwright.chromium.launch({
      executablePath: which('chromium'),
      args: [...CHROMIUM.split(' '), '--disable-component-update'],
    });
    const page = await browser.newPage();
    await page.goto(url);
    return { version: browser.version(), page, close: () => browser.close() };
  },
};

const FIREFOX = {
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
};

export const firefox = {
  where: () => which('firefox-esr'),
  async open(url) {
    const { default: puppeteer } = await tool('puppeteer-core');
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: which('firefox-esr'),
      headless: true,
      extraPrefsFirefox: FIREFOX,
    });
    await browser.newPage().then((page) => page.goto(url));
    return { version: (await browser.version()).split('/').at(-1), close: () => browser.close() };
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
  where: () => which('WebKitWebDriver') && which('broadwayd') && MINI_BROWSER(),
  async open(url) {
    const [display, port] = [await freePort(), await freePort()];
    const started = [start('broadwayd', ['-p', String(display), BROADWAY_DISPLAY])];
    const stop = async () => {
      for (const each of started.toReversed()) await each.stop();
    };
    try {
      await new Promise((resolve) => setTimeout(resolve, 700));
      const env = { GDK_BACKEND: 'broadway', BROADWAY_DISPLAY, JSC_useSharedArrayBuffer: '1' };
      started.push(start('WebKitWebDriver', ['-p', String(port)], { env }));
      const session = await openSession(`http://127.0.0.1:${port}`, url);
      return { version: session.version, close: () => session.close().then(stop) };
    } catch (error) {
      await stop();
      throw error;
    }
  },
};
