import { type ExtraFiles, textFiles } from '../formats/beside.ts';
import { type Entry, encodeTrace, FILES, FORWARD, tensorNames } from '../formats/trace.ts';
import type { Named } from '../nn/outputs.ts';
import { writeProgram } from '../program/json.ts';
import { pruned } from '../program/methods.ts';
import type { Program } from '../program/program.ts';
import type { Instance } from '../runtime/instance.ts';
import { smoothOf } from '../runtime/smooth.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { TracedModule } from '../traced/traced.ts';

/** What goes into the file of a trace beside what it has. */
export interface SerializeOptions {
  _extra_files?: ExtraFiles;
  signal?: AbortSignal;
}

/** In an order that survives saving and loading. */
const byName = (tensors: readonly Named[]): Named[] => tensors.toSorted((a, b) => (a.name < b.name ? -1 : 1));

const held = (name: string, tensor: Tensor): Entry => ({ name, dtype: tensor.dtype, shape: tensor.shape, read: () => tensor });

const heldIn = (prefix: string, tensors: readonly Named[]): Entry[] =>
  byName(tensors).map(({ name, tensor }) => held(prefix + name, tensor));

/** The bytes of the file of a trace with all of its methods, in pieces. */
export function serialized(traced: TracedModule<unknown>, options: SerializeOptions): Promise<Iterable<Uint8Array>> {
  const all = new Map([[FORWARD, traced], ...traced.methods]);
  const programs = pruned(new Map([...all].map(([name, { instance }]) => [name, instance.program])));
  const parts = new Set([...programs.values()].flatMap(({ constants }) => constants.flatMap((constant) => constant.parts)));
  const files = new Map([...traced.files, ...textFiles(options._extra_files ?? {})]);
  const entries: Entry[] = [
    ...[...all].flatMap(([name, method]) => entriesOf(method, programs.get(name) as Program, tensorNames(name))),
    ...heldIn(
      FILES,
      [...files].map(([name, bytes]) => ({ name, tensor: new Tensor('uint8', [bytes.length], bytes) })),
    ),
    ...[...traced.instance.constants.tensors()].filter(({ name }) => parts.has(name)),
    ...companions(
      [...all.values()].map(({ instance }) => instance),
      parts,
    ).map(({ name, tensor }) => held(name, tensor)),
  ];
  const [[, program], ...methods] = programs;
  return encodeTrace(entries, writeProgram(program, new Map(methods)), { signal: options.signal, methods: methods.length > 0 });
}

const entriesOf = ({ golden }: TracedModule<unknown>, { code }: Program, names: ReturnType<typeof tensorNames>): Entry[] => [
  held(names.code, new Tensor('int32', [code.length], code)),
  ...heldIn(names.goldenIn, golden.inputs),
  ...heldIn(names.goldenOut, golden.outputs),
];

/** `smooth` belongs to every weight of a product of several, so that each can be read on its own: what is not `stored` already. */
function companions(instances: readonly Instance[], stored: ReadonlySet<string>): Named[] {
  const smooth = new Map(instances.flatMap((instance) => [...smoothOf(instance)]));
  return [...smooth].filter(([name]) => !stored.has(name)).map(([name, { tensor }]) => ({ name, tensor }));
}
