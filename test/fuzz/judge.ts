import { ERROR_CODES } from '../../src/base/codes.ts';
import { TraceletError } from '../../src/base/error.ts';
import { type Files, type Finding, type Kind, type Mutant, must } from './kind.ts';
import { Random } from './random.ts';

/** What became of a mutant: the code that it was refused with, or that it was accepted; and what was wrong, if anything. */
export interface Verdict {
  outcome: string;
  problem?: string;
}

export const ACCEPTED = 'accepted';
const MOST_MESSAGE = 2000;
const MOST_SECONDS = 2;
const MOST_GROWTH = 500;
/** What no message has: it would change what a terminal shows. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** The mutant of that number. Whatever cannot be made of a seed is tried again otherwise. */
export function mutantOf(kind: Kind, seeds: Record<string, Files>, name: string): Mutant {
  for (let attempt = 0; ; attempt++) {
    const random = new Random(attempt, name);
    const seed = random.pick(Object.keys(seeds));
    try {
      return { seed, ...kind.mutate({ ...seeds[seed] }, random) };
    } catch (error) {
      if (attempt > 50) throw error;
    }
  }
}

const late: unknown[] = [];
process.on('unhandledRejection', (error) => late.push(error));
process.on('uncaughtException', (error) => late.push(error));

interface Costs {
  /** Seconds. */
  wall: number;
  cpu: number;
  /** The most that the process has had, in MB. */
  peak: number;
}

function costs(): Costs {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { wall: performance.now() / 1000, cpu: (userCPUTime + systemCPUTime) / 1e6, peak: maxRSS / 1024 };
}

let before = costs();

/** Uses a mutant as its kind says, and looks at what it costs and at what it leaves behind. */
export async function judge(kind: Kind, mutant: Mutant, name: string): Promise<Verdict> {
  const verdict = await used(kind, mutant, name);
  await new Promise(setImmediate);
  const after = costs();
  const [behind] = late.splice(0);
  const [wall, cpu, grown] = [after.wall - before.wall, after.cpu - before.cpu, after.peak - before.peak];
  before = after;
  const problems = [
    verdict.problem,
    behind === undefined ? undefined : `an error that nobody handles: ${textOf(behind)}`,
    Math.min(wall, cpu) > MOST_SECONDS ? `it took ${cpu.toFixed(1)} s` : undefined,
    grown > MOST_GROWTH ? `the process grew by ${Math.round(grown)} MB` : undefined,
  ];
  const problem = problems.filter((each) => each !== undefined).join('; ');
  return { outcome: verdict.outcome, ...(problem && { problem }) };
}

/** Begins to count from here what the next mutant costs. */
export function settle(): void {
  before = costs();
}

async function used(kind: Kind, { seed, files, inert }: Mutant, name: string): Promise<Verdict> {
  let outcome = '';
  const accept = (): void => {
    outcome = ACCEPTED;
  };
  try {
    await kind.use({ seed, files, inert, random: new Random(-1, name), accept });
    return { outcome };
  } catch (error) {
    if (!(error instanceof TraceletError)) return { outcome: outcome || 'untyped', problem: textOf(error) };
    return { outcome: outcome || error.code, problem: faultOf(error, outcome === ACCEPTED) };
  }
}

/** What is wrong with an error of the library. */
function faultOf(error: TraceletError, accepted: boolean): string | undefined {
  try {
    const { code, message, what } = error;
    must(!accepted, 'it was accepted, and cannot be used');
    must(Object.hasOwn(ERROR_CODES, code) && code !== 'kernels', `it is of code ${code}`);
    must(what !== '' && /expected |got /.test(message), 'it does not say what is wrong');
    must(message.length <= MOST_MESSAGE, `its message has ${message.length} characters`);
    must(!message.includes('[object '), 'it shows an object as [object Object]');
    must(!UNPRINTABLE.test(message), 'its message cannot be printed');
    return undefined;
  } catch (fault) {
    return `${(fault as Finding).message}: ${JSON.stringify(`${error.code}: ${error.message.slice(0, 400)}`)}\n${error.stack?.slice(-2000)}`;
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message).slice(0, 3000) : String(error));
