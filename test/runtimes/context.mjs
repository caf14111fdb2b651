import * as tracelet from 'tracelet';
import { quantize } from 'tracelet/quantize';
import { handler } from 'tracelet/serve';
import { runSuite } from './suite.mjs';

async function digest(floats) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', floats));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The suite on what the server at `base` serves; answers the lines. */
export async function runFrom(base, { files, relaxed, threads = true }) {
  const bytes = async (name) => {
    const response = await fetch(`${base}/fixtures/${name}`);
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  const programs = await (await fetch(`${base}/fixtures/programs/list.json`)).json();
  const lines = [];
  await runSuite({ tracelet, quantize, handler, base, bytes, programs, digest, files, relaxed, threads }, (line) => lines.push(line));
  return lines;
}
