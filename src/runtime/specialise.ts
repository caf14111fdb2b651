import { askedCount, countOf, hostRule } from '../graph/hostvalues.ts';
import { MASK } from '../nn/inputs.ts';
import { type Call, checkCall, type Described, narrower, type Range, rangesOf } from '../ops/call.ts';
import { hasKind } from '../ops/op.ts';
import { expect } from '../program/json.ts';
import { bytesOf, Layout, type Usage } from '../program/layout.ts';
import { type HostValueInfo, type Program, TOKENS } from '../program/program.ts';
import { type Instruction, type ProvedProgram, shown, storageIndex } from '../program/prove.ts';
import { evaluateDim, type Sizes, shapeAt } from '../tensor/dim.ts';
import { type Shape, sameShape, sizeOf } from '../tensor/tensor.ts';

/** A program at the sizes of one call. */
export interface Specialisation {
  sizes: Sizes;
  /** Shape of each value. */
  shapes: readonly Shape[];
  /** Each instruction's numbers and shapes. */
  calls: readonly Call[];
  /** Byte of the arena where each value lies that owns memory there. */
  offsets: readonly (number | undefined)[];
  /** Byte of the arena where each instruction's scratch begins. */
  scratch: readonly number[];
  /** Bytes of the arena. */
  arena: number;
  /** What the elements of int32 values may be. */
  ranges: ReadonlyMap<number, Range>;
}

/** Instructions that are the same but for where their operands lie. */
interface InstructionPattern {
  instruction: Instruction;
  /** Kinds of the operands' shapes, by name. */
  operands: [name: string, kind: number][];
  out: number;
}

/** Specialises a program to sizes. What many instructions share is worked out once, and lifetimes once for all. */
export class Specialiser {
  readonly #program: Program;
  readonly #proved: ProvedProgram;
  /** Distinct shapes of values, in symbols. */
  readonly #kinds: Described[] = [];
  readonly #kindOf: number[];
  readonly #patterns: InstructionPattern[] = [];
  readonly #patternOf: number[];
  /** Kinds of views, and of what they are views of. */
  readonly #views: [view: number, base: number][];
  #layout: Layout<number> | undefined;
  readonly #dims: readonly HostValueInfo['grid'][];

  constructor(program: Program, proved: ProvedProgram) {
    this.#program = program;
    this.#proved = proved;
    const dims: HostValueInfo['grid'][] = [];
    const kinds = new Map<string, number>();
    this.#kindOf = program.values.map(({ dtype, shape, dims: own = shape }) => {
      const key = `${dtype} ${JSON.stringify(own)}`;
      const known = kinds.get(key) ?? this.#kinds.push({ dtype, shape }) - 1;
      dims[known] = own;
      kinds.set(key, known);
      return known;
    });
    this.#dims = dims;
    const views = program.values.flatMap(({ place }, i) => ('view' in place ? [`${this.#kindOf[i]} ${this.#kindOf[place.view]}`] : []));
    this.#views = [...new Set(views)].map((pair) => pair.split(' ').map(Number) as [number, number]);
    const known = new Map<string, number>();
    this.#patternOf = proved.instructions.map((instruction) => {
      const { op, call, attrDims, activation } = instruction;
      const operands = Object.entries(instruction.operands).flatMap(([name, value]): [string, number][] =>
        value === null ? [] : [[name, this.#kindOf[value]]],
      );
      const out = this.#kindOf[instruction.out];
      const key = JSON.stringify([op, call.numbers, attrDims, activation, operands, out]);
      const at = known.get(key) ?? this.#patterns.push({ instruction, operands, out }) - 1;
      known.set(key, at);
      return at;
    });
  }

  #makeLayout(): Layout<number> {
    const { values, inputs, hostValues, outputs } = this.#program;
    const own = (value: number | null): number[] => {
      if (value === null) return [];
      const storage = storageIndex(values, value);
      return 'arena' in values[storage].place ? [storage] : [];
    };
    const usages = this.#proved.instructions.map(({ out, operands, call }): Usage<number> => {
      const [inPlace] = call.row.inPlace ? own(operands[call.row.inPlace]) : [];
      const scratch = hasKind(call.row, 'scratch');
      return { out, reads: Object.values(operands).flatMap(own), inPlace, scratch };
    });
    const given = [...inputs, ...hostValues].map(({ value }) => value);
    const sameKind = (a: number, b: number): boolean => this.#kindOf[a] === this.#kindOf[b];
    return new Layout(
      given,
      usages,
      outputs.flatMap(({ value }) => own(value)),
      sameKind,
    );
  }

  /** The program at these sizes. Throws `format` errors where its shapes do not fit one another there. */
  specialise(sizes: Sizes): Specialisation {
    const kinds = this.#kinds.map(({ dtype }, i) => ({ dtype, shape: shapeAt(this.#dims[i], sizes) }));
    for (const kind of kinds) expect(kind.shape.every(isSize), 'a value', 'dimensions from 0 on', () => shown(kind));
    for (const [view, base] of this.#views) {
      const elements = sizeOf(kinds[base].shape);
      expect(sizeOf(kinds[view].shape) === elements, 'a view', `${elements} elements`, () => shown(kinds[view]));
    }
    const called = this.#patterns.map((pattern) => callAt(pattern, kinds, sizes));
    const calls = this.#patternOf.map((i) => called[i]);
    const shapes = this.#kindOf.map((kind) => kinds[kind].shape);
    const ranges = this.#ranges(calls);
    this.#checkHostValues(ranges, shapes, sizes);
    return { sizes, shapes, calls, ranges, ...this.#place(kinds, calls) };
  }

  /** Where things lie: as in the file if nothing is larger than there, and otherwise laid out anew. */
  #place(kinds: readonly Described[], calls: readonly Call[]): Pick<Specialisation, 'offsets' | 'scratch' | 'arena'> {
    const { values, arena } = this.#program;
    const { instructions } = this.#proved;
    const fixed = !Object.keys(this.#program.symbols).length;
    const smaller = (call: Call, i: number): boolean => (call.scratch ?? 0) <= (instructions[i].call.scratch ?? 0);
    if (fixed && kinds.every(({ shape }, i) => sizeOf(shape) <= sizeOf(this.#kinds[i].shape)) && calls.every(smaller)) {
      const offsets = values.map(({ place }) => ('arena' in place ? place.arena : undefined));
      return { offsets, scratch: instructions.map(({ scratch }) => scratch), arena };
    }
    const bytes = kinds.map(bytesOf);
    this.#layout ??= this.#makeLayout();
    const layout = this.#layout;
    const needed = layout.place(
      (value) => bytes[this.#kindOf[value]],
      (at) => calls[at].scratch ?? 0,
    );
    return {
      offsets: values.map((_, value) => layout.offsetOf(value)),
      scratch: instructions.map((_, at) => layout.scratchOffsetOf(at) ?? 0),
      arena: needed,
    };
  }

  /** What elements may be, by the value that owns them: the narrowest of what its readers allow. */
  #ranges(calls: readonly Call[]): Map<number, Range> {
    const ranges = new Map<number, Range>();
    this.#proved.instructions.forEach(({ operands }, i) => {
      if (!calls[i].row.bounds) return;
      for (const [name, range] of rangesOf(calls[i])) {
        const value = operands[name];
        if (value === null || value === undefined) continue;
        const storage = storageIndex(this.#program.values, value);
        ranges.set(storage, narrower(range, ranges.get(storage)));
      }
    });
    return ranges;
  }

  /** What the host writes has as many elements as its tokens, none of which is out of range. */
  #checkHostValues(ranges: ReadonlyMap<number, Range>, shapes: readonly Shape[], sizes: Sizes): void {
    const inputs = new Map(this.#program.inputs.map(({ name, value }) => [name, shapes[value]]));
    const mask = inputs.get(MASK);
    for (const { value, rule, grid, masked, fill = 0, input } of this.#program.hostValues) {
      const [batch, sequence] = shapeAt(grid, sizes);
      const counts = { batch, sequence, tokens: masked ? sizes[TOKENS] : batch * sequence };
      const source = input === undefined ? undefined : inputs.get(input);
      const elements = countOf(rule, counts);
      const { bound, step } = ranges.get(value) ?? { bound: Number.POSITIVE_INFINITY };
      const { most, step: stepOf } = hostRule(rule);
      const fits =
        sizeOf(shapes[value]) === elements &&
        ((most?.(counts, fill) ?? fill) < bound || counts.tokens === 0) &&
        (step === undefined || (stepOf !== undefined && stepOf(counts) <= step)) &&
        (!source || sizeOf(source) === askedCount(rule, counts)) &&
        (!masked || sizeOf(mask as Shape) === batch * sequence);
      const got = () => shown({ dtype: 'int32', shape: shapes[value] });
      expect(fits, `host value ${rule}`, `${elements} elements below ${bound}`, got);
    }
  }
}

const isSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;

function callAt({ instruction, operands, out }: InstructionPattern, kinds: readonly Described[], sizes: Sizes): Call {
  const { op, path, call, attrDims, activation } = instruction;
  const attrs: Record<string, number | string> = { ...call.numbers, activation };
  for (const name in attrDims) attrs[name] = evaluateDim(attrDims[name], sizes);
  const described: Record<string, Described> = {};
  for (const [name, kind] of operands) described[name] = kinds[kind];
  const checked = checkCall(op, described, attrs);
  expect(sameShape(checked.shape, kinds[out].shape), `${op} of ${path || 'the model'}`, `[${checked.shape}]`, () => shown(kinds[out]));
  return checked;
}
