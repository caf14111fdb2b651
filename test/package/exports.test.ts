import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as aiSdk from '../../src/adapters/aisdk.ts';
import * as langchain from '../../src/adapters/langchain.ts';
import * as workersAI from '../../src/adapters/workersai.ts';
import * as tracelet from '../../src/index.ts';
import * as jit from '../../src/jit/index.ts';
import * as quantize from '../../src/quantize/index.ts';
import { handler } from '../../src/serve/index.ts';
import { DEPTH } from '../setup/depth.ts';
import { JUNK, OWN, STOPPED } from '../support/junk.ts';
import { type Callee, Reachable } from '../support/reachable.ts';
import { FOLDER, INSTANCES, pool } from '../support/subjects.ts';
import { ALIKE, COSTLY, IGNORING, LONG, REFUSING, TRACING, VALID, WITHIN } from '../support/validcalls.ts';

const { ERROR_CODES, Tensor, TracedModule, TraceletError } = tracelet;

const reachable = new Reachable();
reachable.addNamespace({ BertModel: tracelet.BertModel, BertConfig: tracelet.BertConfig }, '');
reachable.addNamespace(tracelet, '');
reachable.addNamespace(jit, 'jit');
reachable.addNamespace(quantize, '');
for (const adapter of [aiSdk, langchain, workersAI, { handler }]) reachable.addNamespace({ ...adapter }, '');
for (const [name, make] of Object.entries(INSTANCES)) reachable.addInstance(name, make);
const callees = reachable.callees.filter(({ name }) => !WITHIN.test(name));
const validOf = ({ name, isGetter }: Callee) => (isGetter ? () => [] : VALID[name]);

/** A call that is wrong somewhere. `at` is where, if all else in it is right. */
interface Attempt {
  args: readonly unknown[];
  what: string;
  at?: string;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** What stands in place of `value` where one thing within it is `junk`. */
type Spoil = (value: unknown, junk: unknown) => unknown;

/** The places within `value`, and how each is spoiled: of lists the first element, of objects each value and one more. */
function* places(value: unknown): Generator<[at: string, spoil: Spoil]> {
  yield ['', (_, junk) => junk];
  if (Array.isArray(value))
    for (const [at, spoil] of places(value[0]))
      yield [`[0]${at}`, (list, junk) => (list as unknown[]).with(0, spoil((list as unknown[])[0], junk))];
  if (isPlain(value))
    for (const key of [...Object.keys(value), 'nonsense'])
      for (const [at, spoil] of places(value[key]))
        yield [`.${key}${at}`, (holder, junk) => ({ ...(holder as object), [key]: spoil((holder as Record<string, unknown>)[key], junk) })];
}

const SYMBOL = 'a symbol';
/** Which kinds of junk come to which places. */
const SEED = Number(process.env.TRACELET_SEED) || 0;
/** One kind of junk in so many comes to a call, and to a place within it: to each place one at least. */
const callsApart = Math.round(1 / DEPTH);
const placesApart = (name: string): number =>
  Math.min(Object.keys(JUNK).length, (TRACING.test(name) ? 48 : COSTLY.test(name) ? 16 : 4) * callsApart);

function* attemptsOf(name: string, valid: () => readonly unknown[]): Generator<Attempt> {
  const given = valid();
  const within = given.map((value) => [...places(value)]);
  const junk = Object.entries(JUNK).filter(([what]) => what === SYMBOL || !ALIKE.test(name));
  const apart = placesApart(name);
  for (let count = 0; count < given.length; count++) yield { args: valid().slice(0, count), what: `${count} arguments` };
  for (const [kind, [what, make]] of junk.entries()) {
    let place = kind + SEED;
    if ((place + name.length) % callsApart === 0 || what === SYMBOL) {
      yield { args: [...valid(), make()], what: `${what} behind the others` };
      for (const count of given.length > 0 ? [1, 3] : [])
        yield { args: Array.from({ length: count }, make), what: `${count} times ${what}` };
    }
    for (const [i, spots] of within.entries())
      for (const [at, spoil] of spots) {
        if (place++ % apart > 0 && what !== SYMBOL) continue;
        const args = valid();
        yield { args: args.with(i, spoil(args[i], make())), what, at: `(${i})${at}` };
      }
  }
}

/** What a call comes to: an iterator is read to its end, and a trace that was made disposed. */
async function settled(answer: unknown): Promise<unknown> {
  let late: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error('no answer')), 20_000);
  });
  try {
    const value = await Promise.race([answer, hung]);
    if (value instanceof TracedModule && !Object.values(INSTANCES).some((make) => make() === value)) value.dispose();
    if (value instanceof Object && 'next' in value) for await (const _ of value as unknown as AsyncIterable<unknown>);
    return value;
  } finally {
    clearTimeout(late);
  }
}

/** What is wrong with an error of the library, if anything is: by plain checks, as `expect` would take most of the time. */
function faultOf(name: string, { code, what, message }: InstanceType<typeof TraceletError>): string | undefined {
  if (!Object.hasOwn(ERROR_CODES, code)) return `an unknown code ${code}`;
  if ((name === 'useKernels' ? /memory/ : /kernels|memory/).test(code)) return `the code ${code}`;
  if (!/./.test(what)) return 'it does not say of what';
  if (!/expected .+, got .+|^The expanded size of the tensor/s.test(message)) return 'it does not say what was expected and got';
  return message.includes('[object') ? 'it shows an object' : undefined;
}

/** Whether the call is answered. Fails for an error that is none of the library, of the caller or of the signal. */
async function isAnswered({ name, call }: Callee, { args, what, at }: Attempt): Promise<boolean> {
  const where = `${name}${at ?? ''}: ${what}`;
  try {
    const given = call(args);
    const answer = given instanceof Object && !(given instanceof Tensor) ? await settled(given) : given;
    const isMade = answer instanceof Tensor && !(answer instanceof tracelet.nn.Parameter) && !args.includes(answer);
    if (isMade && answer.data.length !== answer.size) throw new Error(`${where}: ${answer.data.length} elements, not ${answer.size}`);
    return true;
  } catch (error) {
    if (error === OWN || error === STOPPED) return false;
    if (!(error instanceof TraceletError)) throw new Error(where, { cause: error });
    const fault = faultOf(name, error);
    if (fault) throw new Error(`${where}: ${fault}: ${error.message}`, { cause: error });
    return false;
  }
}

beforeAll(() => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 2;
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.stubGlobal('fetch', async () => new Response(null, { status: 404 }));
  vi.stubEnv('TRACELET_CACHE', FOLDER);
  const before = process.cwd();
  process.chdir(FOLDER);
  return () => {
    process.chdir(before);
    Error.stackTraceLimit = stackTraceLimit;
  };
});

afterAll(() => {
  pool.dispose();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  rmSync(FOLDER, { recursive: true });
});

test('calls of the pool are answered by a worker', () => expect(pool.workers).toBe(1));

test('everything that can be called has a row, and every row something that it is for', () => {
  const named = callees.filter(({ isGetter }) => !isGetter).map(({ name }) => name);
  expect(named.filter((name) => !Object.hasOwn(VALID, name))).toEqual([]);
  expect(Object.keys(VALID).filter((name) => !named.includes(name))).toEqual([]);
  const made = Object.values(INSTANCES).map((make) => make());
  const unmade = [...reachable.classes].filter(([Class]) => !made.some((instance) => instance instanceof Class));
  expect(unmade.map(([, name]) => name)).toEqual([]);
});

describe('wrong arguments are typed errors, or mean something', () => {
  test.each(callees.filter(({ name }) => !name.endsWith('#dispose')))('$name', async (callee) => {
    const { name, isGetter } = callee;
    const valid = validOf(callee);
    expect(await isAnswered(callee, { args: valid(), what: 'the right arguments' })).toBe(!REFUSING.includes(name));
    if (isGetter) return;
    const taken: string[] = [];
    for (const attempt of attemptsOf(name, valid)) {
      const { what, at } = attempt;
      if (LONG.test(`${name}${at ?? ` ${what}`}`)) continue;
      if ((await isAnswered(callee, attempt)) && what === SYMBOL && at) taken.push(at);
    }
    expect(taken, 'places where a symbol is nothing wrong').toEqual(IGNORING[name] ?? []);
  });
});
