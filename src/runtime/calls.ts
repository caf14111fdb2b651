import { binaryWith } from '../kernels/binaries.ts';
import { INTEGER_FORMS, type IntegerForm } from '../kernels/integers.ts';
import { kindOf, type Passed } from '../ops/kinds.ts';
import { hasKind } from '../ops/op.ts';
import { epilogueOf } from '../ops/table.ts';
import type { Variant } from '../platform/platform.ts';
import type { Instance } from './instance.ts';
import type { TeamCall } from './threads/team.ts';
import type { Wanted } from './wanted.ts';

/** The kernels that a program's floats run on, and the form of its integers if it has any. */
export interface Resolved {
  floats: Variant;
  integers: IntegerForm | undefined;
}

/** Calls of kernels, and the instructions that they are. */
export interface KernelCalls {
  calls: TeamCall[];
  indexes: number[];
}

/** Kernels and arguments of the instructions that are wanted, at the sizes of the last inputs. */
export function kernelCalls(instance: Instance, resolved: Resolved, wanted?: Wanted): KernelCalls {
  const indexes = [...instance.proved.instructions.keys()].filter((i) => wanted?.instructions[i] ?? true);
  return { indexes, calls: indexes.map((i) => callAt(instance, i, resolved)) };
}

function callAt(instance: Instance, at: number, { floats, integers }: Resolved): TeamCall {
  const { op } = instance.proved.instructions[at];
  const { row, numbers, scratch = 0 } = instance.specialisation.calls[at];
  const relaxed = hasKind(row, 'form') && integers && INTEGER_FORMS[integers].kernels === 'relaxed';
  const variant = relaxed ? 'relaxed' : floats;
  const [binary, kernel] = [binaryWith(variant, op), instance.kernel(variant, op)];
  return { op, binary, kernel, args: argsAt(instance, at, integers), row, numbers, scratch };
}

function argsAt(instance: Instance, at: number, form: IntegerForm | undefined): number[] {
  const { operands, out, activation } = instance.proved.instructions[at];
  const { calls, scratch } = instance.specialisation;
  const { row, numbers } = calls[at];
  const passed: Passed = {
    out: instance.addressOf(out),
    scratch: instance.arena.base + scratch[at],
    activation: epilogueOf(activation),
    form: INTEGER_FORMS[form ?? 'dot16'].number,
    numbers,
    addressOf(name) {
      const operand = operands[name];
      return operand === null ? 0 : instance.addressOf(operand);
    },
  };
  return Object.entries(row.args).map(([name, kind]) => kindOf(kind).pass(passed, name));
}
