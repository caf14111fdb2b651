/** Processor time of processes, by what Linux says of them: servers are timed by it, as other programs do not change it. */
import { readdirSync, readFileSync } from 'node:fs';

const TICKS = 100;

/** Fields of /proc/PID/stat behind the name; undefined where the process has ended. @param {number | string} pid */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** Seconds that a process and its children had so far; a parent keeps those of children that have ended. @param {number} pid @returns {number} */
export function processorSeconds(pid) {
  const fields = statOf(pid) ?? [];
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
  return childrenOf(pid).reduce((sum, child) => sum + processorSeconds(child), own);
}

/** @param {number} pid */
const childrenOf = (pid) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(statOf(name)?.[1]) === pid)
    .map(Number);
