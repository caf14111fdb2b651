/** What Python answers for the folders of the fixtures, asked of every runtime that can fetch them; imports nothing of any of them. */
import { apart, callApart } from './answers.mjs';
import { homeOf } from './layers.mjs';

const PIPELINES = [
  ...['classify-1', 'classify-3', 'classify-multi', 'classify-roberta', 'features', 'mask', 'mask-deberta', 'mask-roberta'],
  ...['ner', 'ner-roberta', 'ner-xlmr', 'qa', 'qa-roberta', 'zero-shot', 'zero-shot-roberta'],
];

const textOf = async ({ bytes, TextDecoder = globalThis.TextDecoder }, name) => JSON.parse(new TextDecoder().decode(await bytes(name)));

/** Where a call is at fault, which of them. */
async function each(calls, ask) {
  for (const [i, call] of calls.entries())
    await ask(call).catch((error) => {
      throw new Error(`call ${i} ${JSON.stringify(call.kwargs ?? {})}: ${error.stack ?? error}`);
    });
}

async function pipelineAgrees(context, name) {
  const { task, calls } = await textOf(context, `${homeOf(name)}/pipeline.json`);
  const run = await context.tracelet.pipeline(task, `${context.base}/fixtures/laid/${name}/`);
  await each(calls, (call) => callApart(task, run, call));
  run.dispose();
}

/** How a class answers each call of a file. */
const CLASSES = {
  async SentenceTransformer(model, { calls, similarity }) {
    const numbers = calls.filter(({ kwargs, error }) => !kwargs.precision && !error);
    await each(numbers, async ({ method, sentences, kwargs: { batch_size: _, ...options }, embeddings }) =>
      apart(await model[method](sentences, options), embeddings),
    );
    const vectors = await model.encode(calls[0].sentences);
    if (similarity) apart(model.similarity(vectors, vectors), similarity);
  },
  CrossEncoder: (model, { calls }) =>
    each(
      calls.filter(({ error }) => !error),
      async ({ method, args, kwargs: { batch_size: _, ...options }, output }) =>
        apart([await model[method](...args, { truncate: true, ...options })], [output]),
    ),
  async SparseEncoder(model, { calls, similarity }) {
    await each(calls, async ({ sentences }) => {
      const vectors = await model.encode(sentences);
      apart(model.similarity(vectors, vectors), similarity);
    });
  },
  async MultiVectorEncoder(model, { queries, documents, query, document, maxsim }) {
    const [asked, held] = [await model.encode_query(queries), await model.encode_document(documents)];
    apart([asked, held], [query, document]);
    apart(model.similarity(asked, held), maxsim);
  },
};

/** Classes of folders by how their names begin, and where their answers lie. */
const KINDS = {
  st: ['SentenceTransformer', 'sentence.json'],
  ce: ['CrossEncoder', 'cross.json'],
  sparse: ['SparseEncoder', 'sparse.json'],
  colbert: ['MultiVectorEncoder', 'multi.json'],
};

const ENCODERS = [
  ...['st-cls', 'st-concat', 'st-concat-2', 'st-dense', 'st-dense-2', 'st-euclidean', 'st-lasttoken', 'st-legacy', 'st-manhattan'],
  ...['st-max', 'st-mean', 'st-mean_sqrt_len_tokens', 'st-normalize', 'st-prompts', 'st-prompts-excluded', 'st-qwen3'],
  ...['st-truncate', 'st-weightedmean', 'ce-1', 'ce-1-short', 'ce-3', 'sparse-max', 'sparse-sum', 'colbert'],
];

async function encoderAgrees(context, name) {
  const [Class, file] = KINDS[name.split('-')[0]];
  const model = await context.tracelet[Class].from_pretrained(`${context.base}/fixtures/laid/${name}/`);
  await CLASSES[Class](model, await textOf(context, `${homeOf(name)}/${file}`));
  model.dispose();
}

const cases = (names, agrees, whose) =>
  names.map((name) => [
    `${name} answers as ${whose} does, where it can be fetched`,
    async (context) => {
      if (typeof fetch === 'function') await agrees(context, name);
    },
  ]);

/** A case for each folder. */
export const TASKS = Object.fromEntries([
  ...cases(PIPELINES, pipelineAgrees, 'transformers'),
  ...cases(ENCODERS, encoderAgrees, 'sentence-transformers'),
]);
