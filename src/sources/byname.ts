import { TraceletError } from '../base/error.ts';

/** What loads a module that reads or writes by names. */
export interface ByName<Module> {
  load?: () => Promise<Module>;
}

/** The module that reads or writes what is called `name`. Throws a `source` error where nothing loads it. */
export async function moduleFor<Module>({ load }: ByName<Module>, name: string | URL): Promise<Module> {
  if (load) return load();
  throw new TraceletError('source', {
    what: String(name) || 'the source',
    expected: 'data',
    got: 'a name',
    cure: "Pass await fetch(…) or bytes, a tokenizer's texts to from_files, or import 'tracelet/hub'",
  });
}
