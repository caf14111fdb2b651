import { mutateBytes } from './bytes.ts';
import { bytesOfText, type Files, type Mutant, textOfBytes, timesOf } from './kind.ts';
import type { Random } from './random.ts';
import { mutateJson } from './tree.ts';

type FolderMutator = (files: Files, names: readonly string[], random: Random) => void;

const FOLDERS: Record<string, FolderMutator> = {
  remove: (files, names, random) => void delete files[random.pick(names)],
  empty(files, names, random) {
    files[random.pick(names)] = new Uint8Array(0);
  },
  replace(files, names, random) {
    files[random.pick(names)] = files[random.pick(Object.keys(files))];
  },
  swap(files, names, random) {
    const [a, b] = [random.pick(names), random.pick(names)];
    [files[a], files[b]] = [files[b], files[a]];
  },
};

/** How one file is changed; what is not given is as for JSON. */
export type FileMutator = (bytes: Uint8Array, random: Random) => { bytes: Uint8Array; steps: string[] };

const changedText: FileMutator = (bytes, random) => {
  const json = random.chance(0.75) ? mutateJson(textOfBytes(bytes), random) : undefined;
  if (json) return { bytes: bytesOfText(json.text), steps: json.steps };
  const { bytes: changed, step } = mutateBytes(bytes, random);
  return { bytes: changed, steps: [step] };
};

/** A folder with some of its files `names` changed, removed or exchanged. */
export function mutateFolder(
  before: Files,
  random: Random,
  isMutable: (name: string) => boolean,
  mutatorOf: (name: string) => FileMutator | undefined = () => undefined,
): Pick<Mutant, 'files' | 'steps' | 'inert'> {
  const files = { ...before };
  const steps: string[] = [];
  for (let times = timesOf(random); times > 0; times--) {
    const names = Object.keys(files).filter(isMutable);
    if (names.length === 0) break;
    if (random.chance(0.06)) {
      const step = random.pick(Object.keys(FOLDERS));
      FOLDERS[step](files, names, random);
      steps.push(`folder ${step}`);
      continue;
    }
    const name = random.pick(names);
    const mutated = (mutatorOf(name) ?? changedText)(files[name], random);
    files[name] = mutated.bytes;
    steps.push(...mutated.steps.map((step) => `${name} ${step}`));
  }
  return { files, steps, inert: false };
}
