import { TraceletError } from '../../base/error.ts';
import { describe, quoteList } from '../../base/json.ts';
import { Archive } from './archive.ts';
import { readLegacy } from './legacy.ts';
import { kindOf } from './machine.ts';
import { refuseOthers } from './others.ts';
import { unpickle } from './pickle.ts';
import { Strided } from './storage.ts';
import { type RawTensor, TensorMaker } from './tensors.ts';
import { vocabularyOf } from './vocabulary.ts';

export { refuseOthers } from './others.ts';

/** Under which a dict with more than weights has them. */
const NESTED = ['state_dict', 'model_state_dict', 'model'];
/** A key that Lightning alone writes, and what the names of a model begin with there. */
const LIGHTNING = 'pytorch-lightning_version';
const OF_LIGHTNING = 'model.';
const ALONE = 'Save the weights alone: torch.save(model.state_dict(), path)';

/**
 * The tensors of the state dict in a file of torch.save, of any version, by name. Their elements may be views on its bytes, which are written to
 * only where they are `own`. Throws `format` errors for what is damaged or hostile, `unsupported` ones for other files of PyTorch, and `checkpoint`
 * ones where there is no state dict in it.
 */
export function readStateDict(bytes: Uint8Array, { name, own }: { name: string; own: boolean }): Map<string, RawTensor> {
  refuseOthers(bytes, name);
  const entries = entriesOf(bytes[0] === 0x80 ? readLegacy(bytes, { name, own }) : readArchive(bytes, name), name);
  const maker = new TensorMaker(name);
  return new Map([...entries].map(([key, strided]) => [key, maker.make(strided, `tensor ${describe(key)}`)]));
}

function readArchive(bytes: Uint8Array, name: string): unknown {
  const archive = new Archive(bytes, name);
  archive.expect('pickle');
  const vocabulary = vocabularyOf(archive.storages('data'));
  return unpickle(archive.read('data.pkl', { checked: true }), 0, vocabulary, `data.pkl of ${name}`).value;
}

/** The tensors of a state dict, or of the one that a dict has within it. What is no tensor is passed over. */
function entriesOf(root: unknown, name: string): Map<string, Strided> {
  const wrong = (got: string) =>
    new TraceletError('checkpoint', { what: name, expected: 'a dict of tensors by name, or a state_dict in one', got, cure: ALONE });
  if (!(root instanceof Map)) throw wrong(kindOf(root));
  const dict = NESTED.map((key) => root.get(key)).find((value) => value instanceof Map) ?? root;
  const entries = [...dict].filter(([, value]) => value instanceof Strided);
  if (entries.length === 0 && dict.size > 0)
    throw wrong(`one of ${quoteList([...dict.keys()].map((key) => (typeof key === 'string' ? key : kindOf(key))))}`);
  for (const [key] of entries) if (typeof key !== 'string') throw wrong(`a tensor called ${kindOf(key)}`);
  const cut = root.has(LIGHTNING) && entries.every(([key]) => key.startsWith(OF_LIGHTNING)) ? OF_LIGHTNING.length : 0;
  return new Map(entries.map(([key, value]) => [key.slice(cut), value]));
}
