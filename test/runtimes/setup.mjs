/**
 * Installs the runtimes and bundlers that tracelet is tried in.
 *
 *   npm run runtimes:setup [-- --browsers]
 *
 * --browsers installs the browsers' Debian packages too, where they are missing and this runs as root.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { browsers: { type: 'boolean', default: false } } });
const DEBIAN = ['chromium', 'firefox-esr', 'webkit2gtk-driver', 'libgtk-3-bin'];

/** Installs what package-lock.json says, with the npm that runs this script: a dependency may link an old one as `npm`. */
function installPackages() {
  const { npm_execpath: npm } = process.env;
  const [command, ...args] = npm ? [process.execPath, npm] : ['npm'];
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  execFileSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** @param {string} name */
function isInstalled(name) {
  try {
    return execFileSync('dpkg-query', ['-W', '-f', '$' + '{Status}', name], { stdio: 'pipe' })
      .toString()
      .endsWith(' installed');
  } catch {
    return false;
  }
}

function installBrowsers() {
  const missing = DEBIAN.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) return console.log(`left out, because this does not run as root: ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'inherit' });
  execFileSync('apt-get', ['install', '-y', '-qq', ...missing], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

installPackages();
if (options.browsers) installBrowsers();
