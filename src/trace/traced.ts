import { TraceletError } from '../error.ts';
import { bestVariant } from '../kernels.ts';
import { Module } from '../nn/module.ts';
import type { Variant } from '../platform/platform.ts';
import { sameShape, Tensor } from '../tensor.ts';
import type { BertTokenizer } from '../tokenizer/index.ts';
import { fitInput, nameInputs, type Signature } from './inputs.ts';
import type { Instance } from './instance.ts';
import { listCode, listGraph } from './listing.ts';
import { type ModelOutput, type Named, unflattenOutputs } from './outputs.ts';
import { bytesOf } from './plan.ts';
import { padInputs, tokenizerFrom } from './text.ts';

export interface RunOptions {
  /** Stops the run between two instructions; the trace stays usable. */
  signal?: AbortSignal;
}

/** What a trace is made of besides its program and weights. */
export interface Contents {
  /** Extra files by name. */
  files: Map<string, Uint8Array>;
  golden: { inputs: Named[]; outputs: Named[] };
  /** The kernels to run on; the fastest that the engine has unless given. */
  kernels?: Variant;
}

export interface InstructionPlan {
  op: string;
  path: string;
  shape: readonly number[];
  /** Byte of the arena where the result lies. */
  offset: number;
  bytes: number;
  flops: number;
  /** Bytes read and written. */
  moved: number;
}

/** What a call costs, known before it is made. Sizes in bytes. */
export interface MemoryPlan {
  /** Weights as the kernels read them. */
  weights: number;
  /** Activations and scratch. */
  arena: number;
  /** The whole wasm memory. */
  memory: number;
  instructions: InstructionPlan[];
}

export interface Verification {
  kernels: Variant;
  /** Whether every output has the very bits stored in the trace. */
  exact: boolean;
  /** Whether every output is within tolerance of what is stored. */
  ok: boolean;
  outputs: { name: string; exact: boolean; maxError: number }[];
}

/** Absolute and relative difference from the stored outputs that kernels with fused multiply-add may show. */
export const GOLDEN_TOLERANCE = 2e-5;
const SLICE_MS = 8;

/** What a trace answers of a model that answers `Result`: one tensor, or a tuple with names. */
export type TracedResult<Result> = Result extends Tensor ? Tensor : ModelOutput;

/**
 * A traced model, as `torch.jit.ScriptModule`: a program of fixed shapes with its weights, in a wasm memory of its own.
 * Called like the model it was traced from, with tensors by position, as one list or as one object of names; or with a
 * text where a tokenizer travels inside. `jit.trace` and `jit.load` make it.
 */
export class TracedModule<Result = ModelOutput> extends Module<unknown[], Result> {
  readonly kernels: Variant;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly golden: Contents['golden'];
  #instance: Instance | null;
  #tokenizer: BertTokenizer | undefined;
  #running: Promise<unknown> | null = null;

  constructor(instance: Instance, { files, golden, kernels }: Contents) {
    super();
    this.#instance = instance;
    this.kernels = kernels ?? bestVariant();
    this.files = files;
    this.golden = golden;
  }

  /** The loaded program. Throws a `disposed` error after dispose(). */
  get instance(): Instance {
    if (!this.#instance)
      throw new TraceletError('disposed', { what: 'trace', expected: 'a trace in use', got: 'one after dispose()', cure: 'Load it again' });
    return this.#instance;
  }

  get inputs(): Signature[] {
    return this.#signature(this.instance.program.inputs);
  }

  get outputs(): Signature[] {
    return this.#signature(this.instance.program.outputs);
  }

  /** The graph in words: one line an instruction, with shapes and module paths. */
  get graph(): string {
    return listGraph(this.instance.program, this.instance.decoded.instructions);
  }

  /** The flat instruction buffer in words. */
  get code(): string {
    return listCode(this.instance.program, this.instance.decoded.instructions);
  }

  /** The tokenizer that travels in the trace. Throws a `value` error if none does. */
  get tokenizer(): BertTokenizer {
    this.#tokenizer ??= tokenizerFrom(this.files);
    return this.#tokenizer;
  }

  /** Runs the trace at once. */
  forward(...args: unknown[]): Result {
    const inputs = this.#prepare(args);
    this.#refuseBusy();
    this.instance.write(inputs);
    for (const _ of this.instance.steps(this.kernels));
    return this.#outputs();
  }

  /** Runs the trace after calls made before. With a `signal` it lets other work through every few milliseconds, and stops when told to. */
  async run(inputs: unknown, { signal }: RunOptions = {}): Promise<Result> {
    signal?.throwIfAborted();
    const prepared = copied(this.#prepare([inputs]));
    const before = this.#running;
    const run = (async () => {
      await before?.catch(() => {});
      return this.#runSliced(prepared, signal);
    })();
    this.#running = run;
    try {
      return await run;
    } finally {
      if (this.#running === run) this.#running = null;
    }
  }

  async #runSliced(inputs: Record<string, Tensor>, signal: AbortSignal | undefined): Promise<Result> {
    signal?.throwIfAborted();
    this.instance.write(inputs);
    let since = performance.now();
    for (const _ of this.instance.steps(this.kernels)) {
      if (!signal || performance.now() - since < SLICE_MS) continue;
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal.throwIfAborted();
      since = performance.now();
    }
    return this.#outputs();
  }

  /** Shorter inputs filled up to the traced size, with an attention_mask that rules out what was added. */
  pad(inputs: Record<string, Tensor>, options: { pad_token_id?: number } = {}): Record<string, Tensor> {
    return padInputs(inputs, this.inputs, options.pad_token_id ?? 0);
  }

  /** The inputs for a text (or as many as the traced batch has), cut and padded to the traced length. */
  encode(text: string | readonly string[], pair?: string): Record<string, Tensor> {
    const [{ shape }] = this.inputs;
    const options = { truncation: true, padding: true, max_length: shape[1], return_tensors: true } as const;
    const { input_ids, token_type_ids, attention_mask } =
      typeof text === 'string' ? this.tokenizer(text, pair, options) : this.tokenizer(text, undefined, options);
    const wanted = Object.entries({ input_ids, token_type_ids, attention_mask }).filter(([name]) =>
      this.inputs.some((input) => input.name === name),
    );
    return this.pad(Object.fromEntries(wanted), { pad_token_id: this.tokenizer.pad_token_id });
  }

  /** One row of the output `sentence_embedding` for each text: [texts, hidden]. */
  async embed(texts: readonly string[], options: RunOptions = {}): Promise<Tensor> {
    const output = this.outputs.find(({ name }) => name === 'sentence_embedding');
    if (!output)
      throw new TraceletError('value', {
        what: 'embed()',
        expected: 'a trace with an output sentence_embedding',
        got: this.outputs.map(({ name }) => name).join(', '),
        cure: 'Trace a SentenceEmbedder',
      });
    const [batch, hidden] = output.shape;
    const rows = new Float32Array(texts.length * hidden);
    for (let i = 0; i < texts.length; i += batch) {
      const some = texts.slice(i, i + batch);
      const { sentence_embedding } = (await this.run(this.encode(some), options)) as ModelOutput;
      rows.set(sentence_embedding.data.subarray(0, some.length * hidden) as Float32Array, i * hidden);
    }
    return new Tensor('float32', [texts.length, hidden], rows);
  }

  /** Floating-point operations of one call. */
  flops(): number {
    return this.plan().instructions.reduce((sum, { flops }) => sum + flops, 0);
  }

  /** Operations and bytes of each instruction, and the memory that the trace takes. */
  plan(): MemoryPlan {
    const { program, weights, memoryBytes, decoded } = this.instance;
    const size = (value: number | null): number => (value === null ? 0 : bytesOf(program.values[value]));
    const instructions = decoded.instructions.map(({ op, path, call, out, operands }): InstructionPlan => {
      const { row, numbers, shape } = call;
      const moved = row.bytes?.(numbers) ?? Object.values(operands).reduce((sum: number, operand) => sum + size(operand), size(out));
      const offset = this.instance.addressOf(out) - weights.arena;
      return { op, path, shape, offset, bytes: size(out), flops: row.flops(numbers), moved };
    });
    return { weights: weights.constantBytes, arena: program.arena, memory: memoryBytes, instructions };
  }

  /** Re-runs the dummy inputs that travel in the trace and compares with the outputs stored beside them. */
  verify(kernels: Variant = this.kernels): Verification {
    this.#refuseBusy();
    this.instance.write(Object.fromEntries(this.golden.inputs.map(({ name, tensor }) => [name, tensor])));
    for (const _ of this.instance.steps(kernels));
    const outputs = this.golden.outputs.map(({ name, tensor }) => ({ name, ...difference(this.#read(name), tensor) }));
    return {
      kernels,
      exact: outputs.every(({ exact }) => exact),
      ok: outputs.every(({ ok }) => ok),
      outputs: outputs.map(({ ok: _, ...rest }) => rest),
    };
  }

  protected override refuseTraining(): void {
    throw new TraceletError('training', {
      what: 'a traced model',
      expected: 'evaluation mode',
      got: 'train()',
      cure: 'Weights of a trace are untied, packed and constant: training would de-synchronise them. Train the original model and trace it again',
    });
  }

  /** Gives the wasm memory back. The trace cannot be used afterwards. */
  dispose(): void {
    this.#instance = null;
  }

  #refuseBusy(): void {
    if (this.#running)
      throw new TraceletError('busy', {
        what: 'trace',
        expected: 'no run under way',
        got: 'a call during a run',
        cure: 'Await run(...), which queues calls',
      });
  }

  #prepare(args: readonly unknown[]): Record<string, Tensor> {
    const signatures = this.inputs;
    if (typeof args[0] === 'string') return this.#prepare([this.encode(args[0], args[1] as string | undefined)]);
    const named = nameInputs(
      args,
      signatures.map(({ name }) => name),
      'trace',
    );
    return Object.fromEntries(
      signatures.map((signature) => {
        const tensor = named[signature.name];
        if (!tensor)
          throw new TraceletError('value', {
            what: `trace: input "${signature.name}"`,
            expected: `${signature.dtype} [${signature.shape}], as when it was traced`,
            got: 'nothing',
          });
        return [signature.name, fitInput(tensor, signature)];
      }),
    );
  }

  #outputs(): Result {
    const { program } = this.instance;
    return unflattenOutputs(
      program.structure,
      program.outputs.map(({ name }) => ({ name, tensor: this.#read(name) })),
    ) as Result;
  }

  #read(output: string): Tensor {
    const binding = this.instance.program.outputs.find(({ name }) => name === output);
    if (!binding) throw new TraceletError('format', { what: `golden output "${output}"`, expected: 'an output of the trace' });
    return this.instance.read(binding.value);
  }

  #signature(bindings: readonly { name: string; value: number }[]): Signature[] {
    return bindings.map(({ name, value }) => ({
      name,
      dtype: this.instance.program.values[value].dtype,
      shape: this.instance.program.values[value].shape,
    }));
  }
}

/** The same tensors in memory of their own. */
export const copied = (tensors: Record<string, Tensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { dtype, shape, data }]) => [name, new Tensor(dtype, shape, data.slice())]));

/** How far `got` is from `want`; NaN equals NaN. */
export function difference(
  got: Tensor,
  want: Tensor,
  tolerance: number = GOLDEN_TOLERANCE,
): { exact: boolean; ok: boolean; maxError: number } {
  let exact = sameShape(got.shape, want.shape);
  let ok = exact;
  let maxError = 0;
  for (let i = 0; i < want.size; i++) {
    const [a, b] = [Number(got.data[i]), Number(want.data[i])];
    if (Object.is(a, b)) continue;
    exact = false;
    const error = Math.abs(a - b);
    if (!(error <= tolerance + tolerance * Math.abs(b)) || error === Number.POSITIVE_INFINITY) ok = false;
    if (!(error <= maxError) && !Number.isNaN(maxError)) maxError = error;
  }
  return { exact, ok, maxError };
}
