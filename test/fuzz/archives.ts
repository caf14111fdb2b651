import { readFileSync } from 'node:fs';
import { Zip } from '../../src/formats/torch/zip.ts';
import { jit } from '../../src/index.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { exportedArchive } from '../support/exported.ts';
import { strided } from '../support/pickle.ts';
import { object, scriptArchive } from '../support/script.ts';
import { zipOf } from '../support/zip.ts';
import { mutateBytes } from './bytes.ts';
import { bytesOfText, type Kind, must, textOfBytes, timesOf, type Use } from './kind.ts';
import type { Random } from './random.ts';
import { mutateJson } from './tree.ts';

const FILE = 'model.pt';

const MODEL = `class M(Module):
  __parameters__ = ["table", "weight", ]
  __buffers__ = []
  table : Tensor
  weight : Tensor
  def forward(self: __torch__.M,
    ids: Tensor) -> Tuple[Tensor, Dict[str, Tensor]]:
    table = self.table
    weight = self.weight
    n = ops.prim.NumToTensor(torch.size(ids, 1))
    x = torch.embedding(table, ids)
    _0 = [int(n), 4, -1]
    if torch.gt(int(n), 100):
      y = torch.neg(x)
    else:
      y = torch.relu(torch.linear(x, weight))
    for i in range(2):
      y = torch.add(y, x, alpha=1)
    z = __torch__.helper(y, 0.5, )
    a, b, = torch.split(z, 2, -1)
    return (torch.softmax(z, -1), {"a": torch.cat([a, b], 2), "size": torch.mul(z, CONSTANTS.c0)})
def helper(x: Tensor,
    by: float=1.) -> Tensor:
  return torch.mul(x, by)
`;

const floats = (count: number): Uint8Array => new Uint8Array(Float32Array.from({ length: count }, (_, i) => Math.sin(i)).buffer);

const module = object('__torch__.M', {
  table: strided({ key: '0', length: 24, size: [6, 4], stride: [4, 1] }),
  weight: strided({ key: '1', size: [4, 4], stride: [1, 4] }),
});

const SEEDS: Record<string, () => Uint8Array> = {
  script: () =>
    scriptArchive({
      code: { __torch__: MODEL },
      data: module,
      storages: { 0: floats(24), 1: floats(16) },
      constants: [strided({ type: 'DoubleStorage', length: 1, size: [], stride: [] })],
      constantStorages: { 0: new Uint8Array(Float64Array.of(0.25).buffer) },
      traced: [[2, 3]],
      extra: { 'note.txt': 'a note' },
    }),
  saved: () => readFileSync('test/fixtures/programs/hf4.57-torch2.2-own-mlp-script.pt'),
  'before 1.4': () => beforePickles(),
  exported: () => exportedArchive(),
};

/** An archive of PyTorch 1.2. */
function beforePickles(): Uint8Array {
  const tensor = (key: string, dims: string[], strides: string[]): unknown => ({
    dims,
    strides,
    dataType: 'FLOAT',
    data: { key: `tensors/${key}` },
  });
  const model = {
    protoVersion: '5',
    mainModule: {
      name: 'm',
      torchscriptArena: { key: 'code/m.py' },
      submodules: [{ name: 'fc', parameters: [{ isBuffer: false, tensorId: '1', name: 'weight' }] }],
    },
    tensors: [tensor('0', [], []), tensor('1', ['3', '12'], ['12', '1'])],
  };
  const code =
    'op_version_set = 1\ndef forward(self,\n    x: Tensor) -> Tensor:\n  _0 = torch.t(self.fc.weight)\n  return torch.mul(torch.matmul(x, _0), CONSTANTS.c0)\n';
  const files = {
    version: bytesOfText('1\n'),
    'code/m.py': bytesOfText(code),
    'tensors/0': floats(1).map((_, i) => [0, 0, 0, 63][i]),
    'tensors/1': floats(36),
    'model.json': bytesOfText(JSON.stringify(model)),
  };
  return zipOf(Object.entries(files).map(([name, content]) => ({ name: `m/${name}`, content })));
}

const WORDS = /[A-Za-z_]\w*|\d+\.?\d*|"[^"]*"|\n *|[^\s\w]/g;
const ODD = [
  'self',
  'x',
  '0',
  '-1',
  '1e9',
  '9223372036854775807',
  '0.5',
  'None',
  'True',
  '[]',
  '()',
  '{}',
  'torch.add',
  'torch.view',
  'torch.cat',
  'if',
  'while',
  'for',
  'return',
  'def',
  'class',
  ':',
  ',',
  '.',
  '\n',
  '\n    ',
  'CONSTANTS.c0',
  '"a"',
  'torch.zeros([1000000, 1000000])',
  'torch.arange(1000000000)',
  'torch.expand(x, [100000, 100000])',
];

/** Code with a word changed, left out, doubled or in the place of another. */
function mutateWords(text: string, random: Random): string {
  const words = text.match(/\s*\S+|\s+/g) === null ? [] : Array.from(text.matchAll(WORDS), ({ 0: word, index }) => ({ word, index }));
  if (words.length === 0) return random.pick(ODD);
  const [one, other] = [random.pick(words), random.pick(words)];
  const written = random.pick(['', `${one.word} ${one.word}`, other.word, random.pick(ODD)]);
  return `${text.slice(0, one.index)}${written}${text.slice(one.index + one.word.length)}`;
}

/** An archive with one of its records changed, and all else made right; undefined for what is none. */
function mutateRecord(bytes: Uint8Array, random: Random): { bytes: Uint8Array; step: string } | undefined {
  try {
    const zip = new Zip(bytes, FILE);
    const chosen = random.pick(zip.names);
    const { content, step } = changed(chosen, zip.read(chosen), random);
    const files = zip.names.map((name) => ({ name, content: name === chosen ? content : zip.read(name) }));
    return { bytes: zipOf(files), step: `${chosen}: ${step}` };
  } catch {
    return undefined;
  }
}

function changed(name: string, content: Uint8Array, random: Random): { content: Uint8Array; step: string } {
  if (name.endsWith('.py') && random.chance(0.8)) return { content: bytesOfText(mutateWords(textOfBytes(content), random)), step: 'word' };
  const json = name.endsWith('.json') && random.chance(0.8) ? mutateJson(textOfBytes(content), random) : undefined;
  if (json) return { content: bytesOfText(json.text), step: json.steps.join() };
  const { bytes, step } = mutateBytes(content, random);
  return { content: bytes, step };
}

/** Small inputs of what a module takes, where it does not say which it was made with. */
const inputsOf = (names: readonly string[]): Tensor[] =>
  names.map(
    () =>
      new Tensor(
        'float32',
        [2, 12],
        Float32Array.from({ length: 24 }, (_, i) => Math.cos(i)),
      ),
  );

async function use({ files, random, accept }: Use): Promise<void> {
  const bytes = files[FILE];
  const module = await jit.open_script(bytes);
  const inputs = module.example_inputs ? undefined : inputsOf(module.input_names);
  const traced = await jit.load(bytes, { inputs, ...(random.chance(0.3) && { exact_padding: true }) });
  accept();
  try {
    must(traced.verify('baseline').exact, 'it answers otherwise the second time');
  } finally {
    traced.dispose();
  }
}

export const archives: Kind = {
  seeds: async () => Object.fromEntries(Object.entries(SEEDS).map(([name, make]) => [name, { [FILE]: new Uint8Array(make()) }])),
  mutate(files, random) {
    const steps: string[] = [];
    let bytes = files[FILE];
    for (let times = timesOf(random); times > 0; times--) {
      const mutated = (random.chance(0.8) && mutateRecord(bytes, random)) || mutateBytes(bytes, random);
      bytes = mutated.bytes;
      steps.push(mutated.step);
    }
    return { files: { [FILE]: bytes }, steps, inert: false };
  },
  use,
};
