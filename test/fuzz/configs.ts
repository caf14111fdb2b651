import { readdirSync, readFileSync } from 'node:fs';
import { BertConfig, BertModel, jit, SentenceEmbedder, type Tensor, tensor } from '../../src/index.ts';
import { mutateFolder } from './folders.ts';
import { type Files, type Kind, must, textOfBytes, type Use } from './kind.ts';
import { hold, ROOT } from './platform.ts';
import type { Random } from './random.ts';

const FIXTURES = 'test/fixtures/sentence/';
const ENCODER = 'encoder';

function filesBelow(folder: string): Files {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return Object.fromEntries(
    names.map((file) => {
      const path = `${file.parentPath}/${file.name}`.replaceAll('\\', '/');
      return [path.slice(folder.length).replace(/^\/+/, ''), new Uint8Array(readFileSync(path))];
    }),
  );
}

const isBert = (files: Files): boolean => JSON.parse(textOfBytes(files['config.json'])).model_type === 'bert';

/** Folders of BERT that sentence-transformers saved, with the encoder that all of them have. */
function folders(): Record<string, Files> {
  const encoder = filesBelow(FIXTURES + ENCODER);
  const named = readdirSync(FIXTURES).filter((name) => name !== ENCODER);
  const laid = named.map((name): [string, Files] => [name, { ...encoder, ...filesBelow(FIXTURES + name) }]);
  return { plain: encoder, ...Object.fromEntries(laid.filter(([, files]) => isBert(files))) };
}

const quiet = { onwarn: () => {} };
const isConfig = (name: string): boolean => name.endsWith('.json') && !name.endsWith('tokenizer.json') && name !== 'sentence.json';

const bitsOf = ({ data, shape }: Tensor): string =>
  `${shape} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`;

async function use({ files, random, accept }: Use): Promise<void> {
  hold(files);
  const config = await BertConfig.from_pretrained(ROOT, quiet);
  const written = config.to_json_string();
  must(
    BertConfig.from_dict(JSON.parse(written), {}, 'again', () => {}).to_json_string() === written,
    `written and read again it is other than ${written}`,
  );
  const model = await ('modules.json' in files ? SentenceEmbedder.from_pretrained(ROOT, quiet) : BertModel.from_pretrained(ROOT, quiet));
  accept();
  const ids = tensor([[5, 6, 7 % model.config.vocab_size].map((id) => Math.min(id, model.config.vocab_size - 1))]);
  const [first] = model(ids) as unknown as Tensor[];
  must(bitsOf(first) === bitsOf((model(ids) as unknown as Tensor[])[0]), 'called again it gives other bits');
  must(first.shape[0] === 1, `one text gives [${first.shape}]`);
  if (model instanceof SentenceEmbedder && random.chance(0.1)) await useTrace(model);
}

/** What is said of prompts, lengths and modules travels in a trace. */
async function useTrace(model: SentenceEmbedder): Promise<void> {
  const row = (value: number) => tensor([[value, value, value, value]]);
  const all: Record<string, Tensor> = { input_ids: row(1), token_type_ids: row(0), attention_mask: row(1), pooling_mask: row(1) };
  const dummies = Object.fromEntries(Object.entries(all).filter(([name]) => model.input_names.includes(name)));
  const traced = await jit.trace(model, dummies, { dynamic: { sequence: [1, 8] } });
  const loaded = await jit.load(new Uint8Array(Buffer.concat([...(await jit.serialize(traced))])));
  if (model.tokenizer) {
    const [a, b] = [await traced.embed(['a man'], { truncate: true }), await loaded.embed(['a man'], { truncate: true })];
    must(bitsOf(a) === bitsOf(b), 'saved and loaded it embeds a text otherwise');
  }
  traced.dispose();
  loaded.dispose();
}

/** The configuration of a model, and what sentence-transformers writes beside it. */
export const configs: Kind = {
  seeds: async () => folders(),
  mutate: (files: Files, random: Random) => mutateFolder(files, random, isConfig),
  use,
};
