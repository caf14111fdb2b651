/** Sections of the page about what was measured beside the comparison of runtimes, each from results of its own. */
import { curveSection, mixedSection } from './curves.mjs';
import { kindSection } from './kinds.mjs';
import { escaped } from './markup.mjs';
import { soakSection } from './soak.mjs';
import { threadSection } from './threads.mjs';

/** @typedef {{ id: string, kind: 'kinds' | 'curves' | 'threads' | 'soak', title: string, text: string, section: (result: any) => string }} Topic */

/** @type {readonly Topic[]} */
const TOPICS = [
  {
    id: 'kinds',
    kind: 'kinds',
    title: 'Kinds of attention',
    text: `One model of each kind of attention, with the sizes of one that people run, three of its layers and seeded weights. The graphs of
onnxruntime-web are written from the very traces that tracelet runs, op by op as PyTorch exports them, for one length each.`,
    section: kindSection,
  },
  {
    id: 'tokens',
    kind: 'curves',
    title: 'Time against real tokens',
    text: `A strict trace is made for one length; a shorter text is filled up, with a mask. tracelet has no rows for what the mask rules out, so a
trace made for the longest text costs a short one what it needs. Most runtimes compute the padding, as tracelet does when asked for
<code>exact_padding</code>. A dynamic trace takes any length. All of tracelet’s lines answer the same bits.`,
    section: curveSection,
  },
  {
    id: 'mixed',
    kind: 'curves',
    title: 'Mixed batches',
    text: `A batch of texts of many lengths beside the same texts one by one, which is what the real tokens cost.`,
    section: mixedSection,
  },
  {
    id: 'threads',
    kind: 'threads',
    title: 'Threads',
    text: `One text a call on more and more threads, in Node and in Chromium; all numbers of threads answer the same bits.`,
    section: threadSection,
  },
  {
    id: 'soak',
    kind: 'soak',
    title: 'Soak',
    text: `Mixed calls of any size, eight in flight, some cancelled at random moments; each answer is compared with the one that is known to be
right.`,
    section: soakSection,
  },
];

/** @param {any} result */
function context({ machine, loadAfter, quick }) {
  const hurry = quick ? '; a quick run: few rounds, expect spread' : '';
  return `<p class="soft">Node ${escaped(machine.node)}, ${escaped(machine.cpu)}, ${machine.cores} cores, ${escaped(machine.os)}; ${escaped(machine.date.slice(0, 10))}${hurry}. Load average ${machine.load[0]} before and ${loadAfter[0]} after.</p>`;
}

/** @param {any} result */
function leftOut({ missing }) {
  const lines = [
    ...new Set(
      missing.map(
        (/** @type {any} */ { model, precision, name, reason }) => `${[model ?? precision, name].filter(Boolean).join(', ')}: ${reason}`,
      ),
    ),
  ];
  return lines.length === 0 ? '' : `<p class="soft">Left out: ${lines.map((line) => escaped(line)).join('; ')}.</p>`;
}

/** Every topic that there are results for. @param {Readonly<Record<Topic['kind'], readonly any[]>>} results by kind, one a Node */
export const topicSections = (results) =>
  TOPICS.filter(({ kind }) => results[kind].length > 0).map(({ id, kind, title, text, section }) => ({
    id,
    title,
    html: `<section id="${id}"><h2>${title}</h2><p>${text}</p>${results[kind].map((result) => context(result) + section(result) + leftOut(result)).join('')}</section>`,
  }));
