import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Starts a program whose end is this one's to bring about, by `stop`. */
export function start(command, args, { cwd, env = {} } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'])
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text;
    });
  const ended = once(child, 'close').then(
    ([code]) => code,
    (error) => {
      said.stderr += String(error);
      return -1;
    },
  );
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  };
  /** Settles once it has written `text`; rejects where it ends without. */
  const says = (text) =>
    new Promise((resolve, reject) => {
      const look = () => said.stdout.includes(text) && resolve();
      child.stdout.on('data', look);
      ended.then(() => reject(new Error(`${command}: ended without "${text}"\n${said.stderr}`)));
    });
  return { pid: child.pid, said, ended, stop, says };
}

/** What a program that ends by itself writes. Rejects where it fails, or takes longer than `ms`. */
export async function output(command, args, { ms = LIMIT_MS, ...options } = {}) {
  const child = start(command, args, options);
  const timer = setTimeout(() => child.stop(), ms);
  const code = await child.ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${command}: exit code ${code}\n${child.said.stderr.slice(-4000)}`);
  return child.said.stdout;
}

/** For what hangs: long enough for the slowest program on a machine that is busy with other things. */
export const LIMIT_MS = 900_000;

/** Asks until there is an answer. */
export async function untilAnswered(ask, ms = LIMIT_MS) {
  for (const end = Date.now() + ms; ; ) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A port that nothing listens on now. */
export async function freePort() {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
