/** A megabyte of texts of each kind, the same in every run: lines of the documents of installed packages, drawn by a seed. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const MEGABYTE = 1e6;

/** Texts of at least `least` characters, drawn until they come to a megabyte of UTF-8. @param {readonly string[]} lines */
function drawn(lines) {
  const texts = [];
  let state = 1;
  for (let bytes = 0; bytes < MEGABYTE; bytes += Buffer.byteLength(texts[texts.length - 1])) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    texts.push(lines[state % lines.length]);
  }
  return texts;
}

/** Paragraphs of Markdown that are prose. @param {string} folder */
function paragraphs(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.md$/i.test(name));
  const all = files.sort().flatMap((name) => readFileSync(`${folder}/${name}`, 'utf8').split(/\n\s*\n/));
  return all.map((text) => text.replaceAll(/\s+/g, ' ').trim()).filter((text) => text.length > 80 && /^[A-Za-z][^|<>{}[\]]*$/.test(text));
}

/** Strings of scripts that hold one language each. @param {string} folder */
function messages(folder) {
  const files = readdirSync(folder).filter((name) => /^lang[A-Za-z-]+-obj\.js$/.test(name));
  const strings = files
    .sort()
    .map((name) => [...readFileSync(`${folder}/${name}`, 'utf8').matchAll(/'([^'\n]{3,})'/g)].map(([, text]) => text));
  const longest = Math.max(...strings.map(({ length }) => length));
  return Array.from({ length: longest - 3 }, (_, i) =>
    strings.map((each) => each.slice(i % each.length, (i % each.length) + 4).join(' ')),
  ).flat();
}

/** @type {Readonly<Record<string, readonly string[]>>} */
export const TEXTS = {
  English: drawn(paragraphs(here('../../node_modules'))),
  'many scripts': drawn(messages(here('../node_modules/echarts/i18n'))),
};
