import type { TracedModule } from '../../src/index.ts';
import { ConstantPlaces } from '../../src/runtime/places.ts';

/** Where the tensor `name` lies in the memory of a trace, once for each constant that it is a part of. */
export function bytesOf({ instance: { program, constants, memory } }: TracedModule<unknown>, name: string): Uint8Array[] {
  const rows = constants.rows();
  const places = new ConstantPlaces(program, (part) => rows.get(part) ?? 0);
  return places.slotsOf(name).map(({ begin, bytes }) => new Uint8Array(memory.buffer, begin, bytes));
}
