/** The recipes of docs/bundlers.md, in places where they can be run as they stand there. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { HERE, installPackage, ROOT } from './install.mjs';
import { output } from './processes.mjs';

const fences = (text) =>
  [...text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```/gms)].map(([, language, file, code]) => ({ language, file, code }));

/** What stands under each heading of the page: its files by name, and its commands. */
export function recipes() {
  const [, ...sections] = readFileSync(join(ROOT, 'docs/bundlers.md'), 'utf8').split(/^##+ /m);
  const read = (section) => {
    const blocks = fences(section);
    const files = Object.fromEntries(blocks.filter(({ file }) => file).map(({ file, code }) => [file, code]));
    return { files, commands: blocks.filter(({ language }) => language === 'sh').map(({ code }) => code) };
  };
  return new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), read(section)]));
}

/** The server that stands before the first heading. */
export const server = () => fences(readFileSync(join(ROOT, 'docs/bundlers.md'), 'utf8')).find(({ file }) => file === 'server.js').code;

export function put(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Where commands find the Node that runs this, then the tools of this folder. */
export const env = {
  PATH: [dirname(process.execPath), join(HERE, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  NEXT_TELEMETRY_DISABLED: '1',
};

export const shell = (folder, script) => output('sh', ['-ec', script], { cwd: folder, env });

/** A folder below this one, so that what is made there finds the tools here, with the package installed in it. */
export function workshop() {
  const { folder: packed, remove } = installPackage();
  mkdirSync(join(HERE, 'made'), { recursive: true });
  const folder = mkdtempSync(join(HERE, 'made/'));
  cpSync(packed, folder, { recursive: true });
  remove();
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Moves what was made to a folder that has nothing else in it and cannot be written to. */
export function alone(made, place) {
  rmSync(place, { recursive: true, force: true });
  cpSync(made, place, { recursive: true });
  if (!existsSync(join(place, 'package.json'))) writeFileSync(join(place, 'package.json'), '{"type":"module"}');
  rmSync(made, { recursive: true });
  return place;
}
