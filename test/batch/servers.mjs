/** Real servers in temporary folders on free ports, ended by process id. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const HOST = '127.0.0.1';
const PLACES = [...(process.env.PATH ?? '').split(delimiter), '/usr/lib/postgresql/15/bin', '/usr/local/bin', '/usr/bin'];

/** Where a program is; undefined where it is not installed. */
export const programAt = (name) => PLACES.map((place) => join(place, name)).find(existsSync);

/** Why tests of a server cannot run, or undefined: to be given to `test.skipIf` with this as its reason. */
export const missing = (name) => (programAt(name) ? undefined : `${name} is not installed; .ci/run installs it`);

async function freePort() {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether a server answers `probe`, a command that succeeds then, before its process ends. */
async function answering(child, probe) {
  const [program, ...args] = probe;
  while (child.exitCode === null && child.signalCode === null) {
    if (spawnSync(program, args, { stdio: 'ignore' }).status === 0) return true;
    await setTimeout(10);
  }
  return false;
}

/** How often a server is started that ends at once: processes of one that was killed may hold its memory for a moment. */
const STARTS = 200;

/** @typedef {Awaited<ReturnType<typeof serverOf>>} Server */

/**
 * A server that `command` starts, which can be killed and started again with what it has on disk.
 * @param {{ folder: string, address: string, command: string[], probe: string[] }} of
 */
async function serverOf({ folder, address, command, probe }) {
  const [program, ...args] = command;
  /** @type {import('node:child_process').ChildProcess} */
  let child;
  const start = async () => {
    for (let i = 0; i < STARTS; i++) {
      child = spawn(program, args, { cwd: folder, stdio: 'ignore' });
      if (await answering(child, probe)) return;
      await setTimeout(50);
    }
    throw new Error(`${program}: the server has ended, ${STARTS} times`);
  };
  const end = async (signal) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    address,
    /** Of the process that runs now. */
    pid: () => /** @type {number} */ (child.pid),
    start,
    /** As `kill -9` does. */
    kill: () => end('SIGKILL'),
    /** Ends it and removes what it has. */
    async stop() {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Redis that writes each command before it answers. @param {Record<string, string | number>} [more] of its configuration */
export async function startRedis(more = {}) {
  const [folder, port] = [mkdtempSync(join(tmpdir(), 'redis-')), await freePort()];
  const options = { port, bind: HOST, dir: folder, appendonly: 'yes', save: '', ...more };
  const command = [programAt('redis-server'), ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`])];
  const probe = [programAt('redis-cli'), '-p', `${port}`, '-e', 'dbsize'];
  return serverOf({ folder, address: `redis://${HOST}:${port}`, command, probe });
}

const USER = 'postgres';
const isRoot = process.getuid?.() === 0;

/** What starts a program as the user of PostgreSQL, which refuses root. */
const asUser = isRoot ? ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'] : [];
const idOf = (flag) => Number(execFileSync('id', [flag, USER], { encoding: 'utf8' }));

/** PostgreSQL with an empty database. */
export async function startPostgres() {
  const [folder, port] = [mkdtempSync(join(tmpdir(), 'postgres-')), await freePort()];
  if (isRoot) {
    chmodSync(tmpdir(), statSync(tmpdir()).mode | 0o011);
    chownSync(folder, idOf('-u'), idOf('-g'));
  }
  const [first, ...rest] = [
    ...asUser,
    programAt('initdb'),
    '-D',
    folder,
    '-U',
    USER,
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ];
  execFileSync(first, rest, { cwd: folder, stdio: 'ignore' });
  const settings = { port, listen_addresses: HOST, unix_socket_directories: '', fsync: 'off' };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [...asUser, programAt('postgres'), '-D', folder, ...flags];
  const probe = [programAt('pg_isready'), '-q', '-h', HOST, '-p', `${port}`];
  return serverOf({ folder, address: `postgres://${USER}@${HOST}:${port}/${USER}`, command, probe });
}
