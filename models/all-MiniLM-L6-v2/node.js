import { existsSync } from 'node:fs';
import module from 'node:module';
import { pathToFileURL } from 'node:url';

const working = pathToFileURL(`${process.cwd()}/script.js`);
const installedFor = (script) => pathToFileURL(module.createRequire(script).resolve('@tracelet/all-minilm-l6-v2/model.tracelet'));

/** Where the model may be: where a bundler put it or the package has it, beside the script of a bundle, or still among its packages. */
const places = [
  () => new URL('./model.tracelet', import.meta.url),
  () => new URL('./model.tracelet', pathToFileURL(__filename)),
  () => installedFor(import.meta.url),
  () => installedFor(__filename),
  () => installedFor(working),
  () => new URL('./model.tracelet', working),
];

const made = places.flatMap((place) => {
  try {
    return place();
  } catch {
    return [];
  }
});

export const minilm = made.find((url) => existsSync(url)) ?? made[0];
