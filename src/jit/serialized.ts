import { type ExtraFiles, textFiles } from '../formats/beside.ts';
import { CODE, type Entry, encodeTrace, FILES, GOLDEN_IN, GOLDEN_OUT } from '../formats/trace.ts';
import type { Named } from '../nn/outputs.ts';
import { writeProgram } from '../program/json.ts';
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

/** The bytes of the file of a trace, in pieces. */
export function serialized(traced: TracedModule<unknown>, options: SerializeOptions): Promise<Iterable<Uint8Array>> {
  const { program, constants } = traced.instance;
  const held = (name: string, tensor: Tensor): Entry => ({ name, dtype: tensor.dtype, shape: tensor.shape, read: () => tensor });
  const files = new Map([...traced.files, ...textFiles(options._extra_files ?? {})]);
  const entries: Entry[] = [
    held(CODE, new Tensor('int32', [program.code.length], program.code)),
    ...byName(traced.golden.inputs).map(({ name, tensor }) => held(GOLDEN_IN + name, tensor)),
    ...byName(traced.golden.outputs).map(({ name, tensor }) => held(GOLDEN_OUT + name, tensor)),
    ...byName([...files].map(([name, bytes]) => ({ name, tensor: new Tensor('uint8', [bytes.length], bytes) }))).map(({ name, tensor }) =>
      held(FILES + name, tensor),
    ),
    ...constants.tensors(),
    ...companions(traced.instance).map(({ name, tensor }) => held(name, tensor)),
  ];
  return encodeTrace(entries, writeProgram(program), options);
}

/** `smooth` belongs to every weight of a product of several, so that each can be read on its own. */
function companions(instance: Instance): Named[] {
  const stored = instance.constants.names();
  return [...smoothOf(instance)].filter(([name]) => !stored.has(name)).map(([name, { tensor }]) => ({ name, tensor }));
}
