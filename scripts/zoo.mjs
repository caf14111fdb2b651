/**
 * Takes checkpoints and what PyTorch answered for them from a folder of many into test/fixtures/zoo, without most of the answers, for the size.
 * Usage: node scripts/zoo.mjs FOLDER
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TO = fileURLToPath(new URL('../test/fixtures/zoo/', import.meta.url));

/** Calls to keep by kind or place, and which of these keep all outputs; others keep those that are no layer's. */
const CASES = {
  'albert-AlbertForMaskedLM': { calls: [0, 1, 2], whole: [] },
  'albert-groups-AlbertModel': { calls: ['right', 'left', 'one', 'holes'], whole: ['one'] },
  'bart-BartForSequenceClassification': { calls: ['plain', 'right'], whole: [] },
  'camembert-CamembertForMaskedLM': { calls: ['right', 'left'], whole: [] },
  'ctrl-CTRLLMHeadModel': { calls: ['one', 'left'], whole: ['one'] },
  'deberta-DebertaModel': { calls: ['right', 'left', 'one'], whole: [] },
  'deberta-v2-conv-DebertaV2Model': { calls: ['one', 'holes'], whole: ['one'] },
  'deberta-v2-newhead-DebertaV2ForMaskedLM': { calls: ['right'], whole: [] },
  'deberta-v2-DebertaV2Model': { calls: ['right', 'left', 'one', 'all', 'nomask', 'holes'], whole: ['right'] },
  'electra-ElectraForMaskedLM': { calls: [0, 1, 2, 3], whole: [1] },
  'eurobert-EuroBertForMaskedLM': { calls: ['right'], whole: [] },
  'eurobert-EuroBertModel': { calls: ['right', 'left', 'one', 'all', 'nomask', 'holes'], whole: ['right'] },
  'eurobert-late-EuroBertForSequenceClassification': { calls: ['right', 'holes'], whole: [] },
  'gemma3_text-bidirectional-Gemma3TextModel': { calls: ['right', 'left', 'holes'], whole: [] },
  'gpt2-GPT2ForSequenceClassification': { calls: ['plain', 'right', 'left', 'one', 'all', 'nomask', 'holes'], whole: [] },
  'gpt2-scale-GPT2LMHeadModel': { calls: ['one', 'left'], whole: ['one'] },
  'gte-GteForMaskedLM': { calls: ['right', 'left'], whole: [] },
  'gte-types-GteModel': { calls: ['right', 'left', 'one', 'all', 'nomask', 'holes'], whole: ['right'] },
  'jina_embeddings_v3-JinaEmbeddingsV3Model': { calls: ['right', 'left', 'one', 'all', 'nomask', 'holes'], whole: ['right'] },
  'mobilebert-MobileBertForMaskedLM': { calls: ['left', 'one'], whole: [] },
  'mobilebert-bottleneck-MobileBertModel': { calls: ['right', 'left', 'one', 'holes'], whole: ['one'] },
  'mobilebert-layernorm-MobileBertModel': { calls: ['right', 'one'], whole: [] },
  'llama-LlamaForCausalLM': { calls: ['right'], whole: [] },
  'mistral-MistralModel': { calls: ['right', 'left', 'holes'], whole: [] },
  'modernbert-ModernBertForQuestionAnswering': { calls: ['plain', 'right'], whole: [] },
  'modernbert-bias-ModernBertForMaskedLM': { calls: ['right', 'left'], whole: [] },
  'modernbert-bias-ModernBertModel': { calls: ['right', 'left', 'one', 'all', 'nomask', 'holes'], whole: ['right'] },
  'modernbert-cls-ModernBertForSequenceClassification': { calls: ['plain', 'right', 'holes'], whole: [] },
  'modernbert-mean-ModernBertForSequenceClassification': { calls: ['right', 'left', 'holes'], whole: [] },
  'mpnet-MPNetModel': { calls: [0, 1, 2, 3], whole: [2] },
  'nomic_bert-NomicBertForMaskedLM': { calls: ['right', 'left'], whole: [] },
  'nomic_bert-NomicBertForSequenceClassification': { calls: ['right'], whole: [] },
  'nomic_bert-NomicBertModel': { calls: ['right', 'left', 'one', 'all', 'nomask', 'holes'], whole: ['right'] },
  'qwen3-Qwen3Model': { calls: ['right', 'left', 'one'], whole: ['right'] },
  'openai-gpt-OpenAIGPTLMHeadModel': { calls: ['plain', 'left'], whole: [] },
  'roberta-RobertaForSequenceClassification': { calls: [0, 1, 2, 3], whole: [] },
  't5-T5ForConditionalGeneration': { calls: ['right', 'one', 'holes'], whole: [] },
  't5-gated-T5EncoderModel': { calls: ['right'], whole: [] },
  'squeezebert-SqueezeBertModel': { calls: ['right', 'left', 'one', 'holes'], whole: ['right'] },
  'xlm-XLMModel': { calls: ['right', 'left', 'one', 'nomask', 'holes'], whole: ['left'] },
  'xlm-XLMWithLMHeadModel': { calls: ['left'], whole: [] },
  'xlm-roberta-XLMRobertaForTokenClassification': { calls: ['plain', 'right', 'left', 'holes'], whole: [] },
  'xlm-roberta-XLMRobertaModel': { calls: ['right', 'left', 'one', 'all', 'nomask', 'holes'], whole: ['right'] },
  'xlnet-XLNetForSequenceClassification': { calls: ['right', 'left'], whole: [] },
  'xlnet-XLNetModel': { calls: ['right', 'left', 'one', 'nomask', 'holes'], whole: ['right'] },
};

const LAYERS = /^((en|de)coder_)?(hidden_states|attentions)\.|^cross_attentions\./;

function readTensors(path) {
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const { __metadata__, ...entries } = JSON.parse(file.toString('utf8', 8, 8 + length));
  return Object.entries(entries).map(([name, { dtype, shape, data_offsets: ends }]) => {
    const [from, to] = ends.map((end) => 8 + length + end);
    return { name, dtype, shape, bytes: file.subarray(from, to) };
  });
}

function writeTensors(path, tensors) {
  const entries = [];
  let end = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    entries.push([name, { dtype, shape, data_offsets: [end, end + bytes.length] }]);
    end += bytes.length;
  }
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(path, Buffer.concat([length, header, ...tensors.map(({ bytes }) => bytes)]));
}

const [from] = process.argv.slice(2);
for (const [name, { calls: kept, whole }] of Object.entries(CASES)) {
  const [source, target] = [join(from, name), join(TO, name)];
  const { generate: _, ...golden } = JSON.parse(readFileSync(join(source, 'golden.json'), 'utf8'));
  const stored = new Map(readTensors(join(source, 'golden.safetensors')).map((tensor) => [tensor.name, tensor]));
  const tensors = [];
  const calls = kept.map((kind, to) => {
    const at = golden.calls.findIndex((call, i) => (typeof kind === 'number' ? i : call.kind) === kind);
    const { inputs, outputs, ...said } = golden.calls[at];
    const wanted = Object.fromEntries(Object.entries(outputs).filter(([output]) => whole.includes(kind) || !LAYERS.test(output)));
    for (const [way, names] of Object.entries({ in: inputs, out: wanted }))
      for (const each of Object.keys(names)) tensors.push({ ...stored.get(`${at}.${way}.${each}`), name: `${to}.${way}.${each}` });
    return { ...said, inputs, outputs: wanted };
  });
  mkdirSync(target, { recursive: true });
  for (const file of ['config.json', 'model.safetensors']) copyFileSync(join(source, file), join(target, file));
  const aligned = tensors.toSorted((a, b) => Number(a.dtype < b.dtype) - Number(a.dtype > b.dtype));
  writeTensors(join(target, 'golden.safetensors'), aligned);
  writeFileSync(join(target, 'golden.json'), JSON.stringify({ ...golden, calls }));
}
