/** Small pieces of HTML. */

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** @param {unknown} text */
export const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => ENTITIES[sign]);

/** @param {string} title @param {string} note @param {string} svg */
export const figure = (title, note, svg) =>
  `<figure><figcaption><strong>${escaped(title)}</strong> ${escaped(note)}</figcaption>${svg.replace('<svg ', `<svg role="img" aria-label="${escaped(title)}" `)}</figure>`;

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export function tableOf(head, rows) {
  const cells = (/** @type {string} */ tag, /** @type {readonly string[]} */ row) =>
    row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('');
  return `<div class="scroll"><table><thead><tr>${cells('th', head)}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** A table behind a click. @param {string} title @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export const folded = (title, head, rows) => `<details><summary>${escaped(title)}</summary>${tableOf(head, rows)}</details>`;

/** @param {number} value */
export const milliseconds = (value) =>
  value < 1000 ? `${value.toPrecision(3).replace(/\.0+$/, '')} ms` : `${(value / 1000).toFixed(2)} s`;

/** @param {number} value */
export const megabytes = (value) => `${Math.round(value / 1e6)} MB`;
