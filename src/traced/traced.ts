import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { describe } from '../base/json.ts';
import { checkOptions } from '../base/options.ts';
import { NOTES } from '../formats/trace.ts';
import { costs, type MemoryPlan } from '../inspect/cost.ts';
import { estimate } from '../inspect/estimate.ts';
import { type Profile, profileInstance } from '../inspect/profile.ts';
import { comparison, type Verification } from '../inspect/verify.ts';
import { proveVariant } from '../kernels/binaries.ts';
import type { IntegerForm } from '../kernels/integers.ts';
import { chosen, type Executor } from '../nn/chosen.ts';
import { copied } from '../nn/inputs.ts';
import { Module } from '../nn/module.ts';
import { type ModelOutput, type Named, unflattenOutputs } from '../nn/outputs.ts';
import type { Variant } from '../platform/platform.ts';
import { listCode, listGraph } from '../program/listing.ts';
import { fitInputs, type Signature, showShape } from '../program/signature.ts';
import { sizesFor, sizesOf } from '../program/sizes.ts';
import type { Instance, Target } from '../runtime/instance.ts';
import type { TextReader } from '../sentence/tokenizer.ts';
import type { Bounds, Sizes } from '../tensor/dim.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type EmbeddedText, embedEach, embedTexts } from '../text/embed.ts';
import type { EmbedOptions } from '../text/embedder.ts';
import { TEXT_OPTIONS, type TextOptions } from '../text/encode.ts';
import { padInputs } from '../text/pad.ts';
import type { Texts } from '../text/source.ts';
import { areTexts, encodeTexts, readerFrom, refuseForTensors, textsIn } from '../text/texts.ts';
import type { PreTrainedTokenizerFast, TextInput } from '../tokenizer/index.ts';
import { type Contents, proveTraceable } from './contents.ts';
import { TRACES } from './made.ts';
import { PAD_OPTIONS, PROFILE_OPTIONS, RUN_OPTIONS, type RunOptions } from './options.ts';
import type { Runner } from './runner.ts';

/** What a trace answers of a model that answers `Result`: one tensor, or a tuple with names. */
export type TracedResult<Result> = Result extends Tensor ? Tensor<'float32'> : ModelOutput;

/**
 * A traced model, as `torch.jit.ScriptModule`: a program with its weights, in a wasm memory of its own.
 * Called like the model it was traced from, with tensors by position, as one list or as one object of names; or with a
 * text where a tokenizer travels inside. Where they are left out, token_type_ids are 0, an attention_mask 1 and position_ids 0, 1, 2, … .
 * `jit.trace` and `jit.load` make it.
 */
export class TracedModule<Result = ModelOutput> extends Module<unknown[], Result> {
  /** The kernels that calls run on. */
  readonly kernels: Variant;
  /** How calls multiply integers, where that was said. All ways give the same bits. */
  readonly integers: IntegerForm | undefined;
  /** Extra files that travel in the trace, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The dummy inputs that it was traced on, and what the baseline kernels made of them. */
  readonly golden: Contents['golden'];
  /** Its methods beside `forward` by name, each a trace on the same weights: `traced.encode(x)` is `traced.methods.get('encode')(x)`. */
  readonly methods: ReadonlyMap<string, TracedModule<unknown>>;
  /** What answers its calls: an instance of the program in this thread, or a pool of workers. */
  readonly runner: Runner;
  #reader: TextReader | undefined;

  constructor(runner: Runner, contents: Contents) {
    super();
    proveTraceable(runner, contents);
    TRACES.add(this);
    this.runner = runner;
    this.kernels = runner.local.target.kernels;
    this.integers = runner.local.target.integers;
    this.files = contents.files;
    this.golden = contents.golden;
    this.methods = contents.methods ?? new Map();
    for (const [name, value] of this.methods)
      if (name === 'encode' || !(name === 'then' || name in this)) Object.defineProperty(this, name, { value, enumerable: true });
  }

  /** How many threads a call runs on. */
  get threads(): number {
    return this.instance.threads.threads;
  }

  /** In how many workers calls run; 0 where they run in place. */
  get workers(): number {
    return this.runner.workers;
  }

  /** How many calls run at once. */
  get concurrency(): number {
    return this.runner.concurrency;
  }

  /**
   * What calls run on and why, a line each: kernels, the form of integer products if there are any, threads or workers; and what was done to the
   * program that was traced, if anything.
   */
  explain(): string {
    const notes = this.files.get(NOTES);
    return [...this.runner.explain(), ...(notes ? [new TextDecoder().decode(notes)] : [])].join('\n');
  }

  /** The loaded program. Throws a `disposed` error after dispose(). */
  get instance(): Instance {
    return this.runner.local.instance;
  }

  /** What a call takes, in order. */
  get inputs(): Signature[] {
    return this.runner.signatures.inputs;
  }

  /** What a call answers, in order; nested outputs have dotted names. */
  get outputs(): Signature[] {
    return this.runner.signatures.outputs;
  }

  /** Sizes that calls may choose, with their bounds: `{ batch: [1, 64], sequence: [1, 512] }`; empty for a strict trace. */
  get dynamic(): Bounds {
    return this.runner.signatures.dynamic;
  }

  /** The graph in words: one line an instruction, with shapes and module paths. */
  get graph(): string {
    return listGraph(this.instance.program, this.instance.proved.instructions);
  }

  /** The flat instruction buffer in words. */
  get code(): string {
    return listCode(this.instance.program, this.instance.proved.instructions);
  }

  /** The tokenizer that travels in the trace; tokens that are added to it do not. Throws a `value` error if none does. */
  get tokenizer(): PreTrainedTokenizerFast {
    return this.reader.tokenizer;
  }

  /** The tokenizer, and what the folder of sentence-transformers says that the trace comes from, if it is one: prompts, lengths, modules. */
  get reader(): TextReader {
    this.#reader ??= readerFrom(this.files);
    return this.#reader;
  }

  /** Runs the trace at once. Throws a `busy` error while a `run` is under way, and a `value` error where calls run in workers. */
  forward(...args: unknown[]): Result {
    const { runner } = this;
    const executor = chosen();
    if (executor?.inline && !areTexts(args)) return this.#result(this.#inlined(args, executor as Required<Executor>));
    if (!runner.runNow)
      throw new TraceletError('value', {
        what: 'a trace in workers',
        expected: 'run(…)',
        got: 'a call that has to answer at once',
        cure: 'Await run(…), embed(…) or embedEach(…), or load the trace without workers',
      });
    return this.#result(runner.runNow(this.#prepare(args)));
  }

  /**
   * Runs the trace after calls made before, on what a call takes: inputs, or a text, its pair if it has one, and options. With a `signal` it lets
   * other work through every few milliseconds, and stops when told to; with workers, the one that is free first runs it.
   */
  run(inputs: unknown, options?: RunOptions): Promise<Result>;
  run(text: string | readonly string[], pair: string | readonly string[] | null | undefined, options?: RunOptions): Promise<Result>;
  async run(...args: unknown[]): Promise<Result> {
    const { inputs, signal, outputs } = this.#prepareRun(args);
    return this.#result(await this.runner.run(inputs, { signal, outputs }));
  }

  /**
   * Shorter inputs filled up to the traced size, with an attention_mask that rules out what was added. Ids are those by which the trace tells padding,
   * 0 where it does not, unless given.
   */
  pad(inputs: Record<string, Tensor>, options: { pad_token_id?: number } = {}): Record<string, Tensor> {
    return padInputs(inputs, this, checkOptions('pad', options, PAD_OPTIONS).pad_token_id);
  }

  /**
   * The inputs for texts, padded to what the trace takes: one text, one with its pair, a list of texts with a list of their pairs, or a list of
   * texts and [text, pair]. Throws a `value` error for a text that is too long, unless told to truncate.
   */
  encode(text: string | readonly TextInput[], options?: TextOptions): Record<string, Tensor>;
  encode(text: string | readonly string[], pair?: string | readonly string[] | null, options?: TextOptions): Record<string, Tensor>;
  encode(...args: unknown[]): Record<string, Tensor> {
    return this.encode_(args);
  }

  /** As {@link encode}, in whose place the model may have a method of its own. */
  encode_(args: readonly unknown[]): Record<string, Tensor> {
    const { texts, options } = textsIn('encode()', args);
    return encodeTexts(this.reader, this, texts, checkOptions('encode()', options as TextOptions, TEXT_OPTIONS));
  }

  /**
   * One row of the output `sentence_embedding` for each text, in their order: [texts, hidden]. Texts of like length run
   * together; a row depends on its text alone. Throws a `value` error for a text that is too long, unless told what becomes of it.
   */
  embed(texts: Texts, options: EmbedOptions = {}): Promise<Tensor<'float32'>> {
    return embedTexts(this, texts, options);
  }

  /** Yields what {@link embed} answers, text by text in their order, and asks for no more texts than a few calls need. */
  embedEach<Text extends TextInput = string>(
    texts: Texts<Text>,
    options: EmbedOptions = {},
  ): AsyncGenerator<EmbeddedText<Text>, void, undefined> {
    return embedEach(this, texts, options);
  }

  /** Floating-point operations of one call at given sizes, as {@link plan} takes them. */
  flops(sizes: Sizes = {}): number {
    return this.plan(sizes).flops;
  }

  /**
   * Operations and bytes of each instruction, and the memory that a call takes: at the dummies' sizes but for those given, such as
   * `{ batch: 8, sequence: 128 }`, and `tokens`, how many tokens the mask lets through (all unless given). Throws `value` errors for sizes out of bounds.
   */
  plan(sizes: Sizes = {}): MemoryPlan {
    return costs(this.instance, this.instance.specialise(sizesFor(this.instance.program, this.instance.proved.base, sizes)));
  }

  /** Milliseconds that a call is likely to take on this machine, in all and by instruction, at sizes as {@link plan} takes them. */
  estimate(sizes: Sizes = {}): { ms: number; instructions: number[] } {
    const { floats, integers } = this.instance.resolve(this);
    const instructions = estimate(this.plan(sizes).instructions, floats, integers);
    return { ms: instructions.reduce((sum, ms) => sum + ms, 0), instructions };
  }

  /** Times each instruction for about `seconds`, on `inputs` or on the dummy inputs that travel in the trace. */
  profile(inputs: unknown = this.#dummies, options: { seconds?: number; kernels?: Variant } = {}): Profile {
    const { seconds = 1, kernels = this.kernels } = checkOptions('profile', options, PROFILE_OPTIONS);
    const prepared = this.#prepare([inputs]);
    this.expectIdle();
    return profileInstance(this.instance, this.#target(kernels), prepared, 1000 * seconds);
  }

  /** Re-runs the dummy inputs that travel in the trace and compares with the outputs stored beside them. */
  verify(kernels: Variant = this.kernels): Verification {
    proveVariant('verify', kernels);
    const outputs = this.runner.local.runNow(this.#dummies, this.#target(kernels));
    return { kernels, ...comparison(outputs, this.golden.outputs) };
  }

  protected override refuseTraining(): void {
    throw new TraceletError('training', {
      what: 'a traced model',
      expected: 'evaluation mode',
      got: 'train()',
      cure: 'Weights of a trace are untied, rearranged and constant: training would de-synchronise them. Train the original model and trace it again',
    });
  }

  /** Gives the wasm memory back and ends all threads and workers; calls under way fail. The trace cannot be used afterwards. */
  dispose(): void {
    this.runner.dispose();
    for (const method of this.methods.values()) method.dispose();
  }

  /** What it and its methods take and answer, in a line. */
  override toString(): string {
    if (this.runner.local.disposed) return `${this.constructor.name}(disposed)`;
    const list = (signatures: readonly Signature[]) =>
      signatures.map((signature) => `${signature.name} ${signature.dtype} ${showShape(signature)}`).join(', ');
    const methods = Array.from(this.methods, ([name, { inputs, outputs }]) => `, ${name}(${list(inputs)} -> ${list(outputs)})`);
    return `${this.constructor.name}(${list(this.inputs)} -> ${list(this.outputs)})${methods.join('')}`;
  }

  get #dummies(): Record<string, Tensor> {
    return Object.fromEntries(this.golden.inputs.map(({ name, tensor }) => [name, tensor]));
  }

  /** Throws a `busy` error while a `run` is under way in this thread. */
  expectIdle(): void {
    this.runner.local.expectIdle();
  }

  /** The inputs of a call, proved to fit. */
  #prepare(args: readonly unknown[]): Record<string, Tensor> {
    return this.#fit(areTexts(args) ? [this.encode_(args)] : args);
  }

  /** The inputs of a run, proved to fit and in memory of their own, and its options. */
  #prepareRun(args: readonly unknown[]): Pick<RunOptions, 'signal' | 'outputs'> & { inputs: Record<string, Tensor> } {
    const what = 'run()';
    const { texts, options } = areTexts(args) ? textsIn(what, args) : { texts: undefined, options: args[1] };
    const { signal, outputs, ...ofTexts } = checkOptions(what, options as RunOptions, RUN_OPTIONS);
    signal?.throwIfAborted();
    if (!texts) refuseForTensors(what, args, Object.keys(ofTexts));
    const inputs = texts ? [encodeTexts(this.reader, this, texts, ofTexts)] : [args[0]];
    return { inputs: copied(this.#fit(inputs)), signal, outputs };
  }

  #fit(inputs: readonly unknown[]): Record<string, Tensor> {
    const { inputs: signatures, dynamic } = this.runner.signatures;
    return fitInputs(inputs, signatures, dynamic);
  }

  /** What a call answers within a model that is being traced, whose steps those of the trace become. */
  #inlined(args: readonly unknown[], executor: Required<Executor>): Named[] {
    const inputs = this.#fit(args);
    const sizes = sizesOf(this.inputs.map(({ name, dims }) => ({ dims, shape: inputs[name].shape })));
    const outputs = executor.inline(this.instance, inputs, sizes);
    return this.outputs.map(({ name }, i) => ({ name, tensor: outputs[i] }));
  }

  /** What a call answers. */
  #result(outputs: readonly Named[]): Result {
    return unflattenOutputs(this.instance.program.structure, outputs) as Result;
  }

  /** The integer form belongs to the kernels that it was chosen for. */
  #target(kernels: Variant): Target {
    return { kernels, integers: kernels === this.kernels ? this.integers : undefined };
  }
}

/** Whether `value` is a traced model. */
export const isTraced = (value: unknown): value is TracedModule<unknown> => value instanceof TracedModule;

/** Throws a `value` error for `what` unless `traced` is a traced model. */
export function proveTraced(what: string, traced: unknown): void {
  if (isTraced(traced)) return;
  throw new TraceletError('value', {
    what,
    expected: 'a traced model',
    got: traced instanceof Module ? `a ${traced.constructor.name} that is not traced` : describe(traced),
    cure: 'Trace it first: await jit.trace(model, inputs)',
  });
}
