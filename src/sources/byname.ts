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
    expected: 'bytes, a Response or a stream',
    got: 'a name, which this edge worker does not look up',
    cure: "Pass await fetch(…) or the body of a stored object, or import 'tracelet/hub' as well, for addresses and hub ids",
  });
}
