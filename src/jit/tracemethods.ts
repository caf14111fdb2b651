import { patterns } from '#archives';
import { TOKENIZER } from '../base/options.ts';
import { textFiles } from '../formats/beside.ts';
import { FORWARD } from '../formats/trace.ts';
import { bestVariant } from '../kernels/binaries.ts';
import { opsFor } from '../kernels/sets.ts';
import { withKernels } from '../nn/executor.ts';
import { copied } from '../nn/inputs.ts';
import { chooseThreads } from '../runtime/threads/choose.ts';
import type { Bounds, Sizes } from '../tensor/dim.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkReach } from '../text/reach.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TracedModule } from '../traced/traced.ts';
import { checkSameRecording } from './check.ts';
import { compile, type Method } from './compile.ts';
import { axesOf, boundsFor, inputsAt, isTracing } from './dynamic.ts';
import { dummyInputs, expectationOf, type ForwardPass, namesOf, recordPass } from './forwardpass.ts';
import { isSpelled, type Recording, type Replay, type TracedInput } from './record.ts';
import type { Inputs, TraceOptions } from './trace.ts';

/** A method that is to be traced, with its dummy inputs. */
export interface MethodInputs {
  pass: ForwardPass;
  inputs: Inputs;
  /** More inputs to check the trace with. */
  check_inputs?: readonly Inputs[];
}

type TracingOptions = Omit<TraceOptions, 'check_inputs' | 'example_kwarg_inputs'>;

/** A method with what its recording needs. */
interface Draft extends MethodInputs {
  names: readonly string[];
  /** Dummy inputs by name. */
  given: Record<string, Tensor>;
  sizes: Sizes;
  bounds: Bounds;
  recordAt(sizes: Sizes, replay?: Replay): Recording;
}

/** Methods of one model by name, `forward` first, as one trace: where that goes no other way, of what models say in formulas. */
export async function traceMethods<Result>(
  wanted: ReadonlyMap<string, MethodInputs>,
  options: TracingOptions,
): Promise<TracedModule<Result>> {
  try {
    return await tracePlain<Result>(wanted, options);
  } catch (error) {
    const able = [...wanted.values()].filter(({ pass: { told } }) => told.formulates === false);
    if (able.length === 0 || !options.dynamic || !isTracing(error)) throw error;
    options.signal?.throwIfAborted();
    for (const { pass } of able) pass.told.formulates = true;
    try {
      return await tracePlain<Result>(wanted, options);
    } catch {
      options.signal?.throwIfAborted();
      throw error;
    } finally {
      for (const { pass } of able) pass.told.formulates = false;
    }
  }
}

async function tracePlain<Result>(wanted: ReadonlyMap<string, MethodInputs>, options: TracingOptions): Promise<TracedModule<Result>> {
  const { fusion = true, signal } = options;
  await opsFor();
  signal?.throwIfAborted();
  const drafts = draftsOf([...wanted.values()], options);
  const recorded = drafts.map(({ recordAt, sizes }) => recordAt(sizes));
  const replay = fusion && recorded.some(({ graph }) => isSpelled(graph)) ? await patterns?.() : undefined;
  if (!replay) return traceDrafts<Result>(drafts, recorded, options);
  try {
    const spelled = drafts.map((draft) => ({ ...draft, recordAt: (at: Sizes) => draft.recordAt(at, replay) }));
    return await traceDrafts<Result>(
      spelled,
      spelled.map(({ recordAt, sizes }) => recordAt(sizes)),
      options,
    );
  } catch {
    signal?.throwIfAborted();
    return traceDrafts<Result>(
      drafts,
      drafts.map(({ recordAt, sizes }) => recordAt(sizes)),
      options,
    );
  }
}

function draftsOf(wanted: readonly MethodInputs[], { dynamic = {}, dynamic_axes, strict }: TracingOptions): Draft[] {
  const named = wanted.map(({ pass, inputs }) => {
    const names = namesOf(pass, inputs);
    const given = copied(dummyInputs(pass, inputs, names));
    return { names, given, signature: signatureOf(given) };
  });
  const chosen = boundsFor(
    named.map(({ signature }) => signature),
    dynamic,
    dynamic_axes,
  );
  return wanted.map((method, i) => {
    const { names, given, signature } = named[i];
    const { bounds, stated } = chosen[i];
    const { axes, sizes } = axesOf(signature, bounds, stated);
    const recordAt = (at: Sizes, replay?: Replay): Recording =>
      recordPass(method.pass, names, inputsAt(signature, axes, at), { strict, replay });
    return { ...method, names, given, sizes, bounds, recordAt };
  });
}

async function traceDrafts<Result>(
  drafts: readonly Draft[],
  recorded: readonly Recording[],
  options: TracingOptions,
): Promise<TracedModule<Result>> {
  const { signal, kernels } = options;
  const { told } = drafts[0].pass;
  const tokenizer = options.tokenizer ?? TOKENIZER.read(told.tokenizer);
  if (tokenizer) for (const { graph } of recorded) checkReach(graph, tokenizer as PreTrainedTokenizerFast);
  const threads = chooseThreads(options.threads, kernels ?? bestVariant());
  const methods = new Map(drafts.map((draft, i) => [draft.pass.method, methodFrom(draft, recorded[i], options)]));
  const { graph, inputs, ...how } = methods.get(FORWARD) as Method;
  methods.delete(FORWARD);
  const files = textFiles({ ...told.trace_files?.(), ...options.tokenizer?.files() });
  return compile<Result>(graph, inputs, { ...how, methods, files, kernels, threads, signal });
}

/** A recorded method as it is compiled. Throws a TracingCheckError where it is another when it is recorded again. */
function methodFrom(
  { pass, names, given, sizes, bounds, recordAt, check_inputs }: Draft,
  recorded: Recording,
  options: TracingOptions,
): Method {
  const { fusion = true, check_trace = true, check_tolerance: tolerance, kernels = bestVariant() } = options;
  const exact_padding = options.exact_padding ?? pass.told.exact_padding;
  const inputs = asRecorded(given, recorded);
  const expected = check_trace ? expectationOf(pass, names, { more: check_inputs, tolerance, given }) : undefined;
  if (expected) {
    const again = recordAt(sizes);
    withKernels(kernels, () => checkSameRecording(recorded, again, inputs, tolerance));
  }
  return {
    graph: recorded.graph,
    inputs,
    structure: recorded.structure,
    passes: { fusion, compaction: !exact_padding, alone: pass.told.asked_alone },
    dynamic: { sizes, bounds, graphAt: (at) => recordAt(at).graph, inputs },
    expected,
  };
}

/** Inputs of the dtypes in which the ops of a recording take them. */
const asRecorded = (inputs: Record<string, Tensor>, { graph }: Recording): Record<string, Tensor> =>
  Object.fromEntries(graph.inputs.map(({ name, dtype }) => [name, inputs[name].operand(dtype, `dummy input "${name}"`)]));

const signatureOf = (inputs: Record<string, Tensor>): TracedInput[] =>
  Object.entries(inputs).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
