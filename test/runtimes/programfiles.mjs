/** Programs that PyTorch saved: those of the fixtures, and of the folders that TRACELET_TORCHSCRIPT names, joined by colons. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROGRAM = /\.pt2?$/;

const FOLDERS = [fileURLToPath(new URL('../fixtures/programs', import.meta.url)), ...(process.env.TRACELET_TORCHSCRIPT?.split(':') ?? [])];

/** Where a file of these folders lies, if one has it. @param {string} name */
export const programFile = (name) => FOLDERS.map((folder) => join(folder, name)).find(existsSync);

function saidOf(path) {
  const said = path.replace(PROGRAM, '.json');
  return existsSync(said) ? JSON.parse(readFileSync(said, 'utf8')) : {};
}

/** Every program, with what Python says of it. */
export function listPrograms() {
  const names = new Set(FOLDERS.flatMap((folder) => readdirSync(folder)).filter((name) => PROGRAM.test(name)));
  return [...names].map((name) => {
    const path = programFile(name);
    return { name, path, said: saidOf(path) };
  });
}
