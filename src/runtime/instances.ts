import type { Program } from '../program/program.ts';
import type { ProvedProgram } from '../program/prove.ts';
import type { Constants } from './constants.ts';
import { Instance, type Placement } from './instance.ts';

/** Instances of programs on the same constants, which never run at the same time: they have one arena. */
export function instancesOf(
  programs: readonly Program[],
  proved: readonly ProvedProgram[],
  constants: Constants,
  placement: Omit<Placement, 'arena'> = {},
): Instance[] {
  const instances: Instance[] = [];
  for (const [i, program] of programs.entries())
    instances.push(new Instance(program, proved[i], constants, { ...placement, arena: instances[0]?.arena }));
  return instances;
}
