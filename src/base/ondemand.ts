import { TraceletError } from './error.ts';
import { messageOf } from './realm.ts';

/** What `load` imports: the part of the library called `what`. Throws a `source` error where its script cannot be had; who asks again tries again. */
export async function onDemand<Part>(what: string, load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof TraceletError) throw cause;
    throw new TraceletError('source', {
      what,
      expected: 'a script, which loads when it is first needed',
      got: messageOf(cause),
      cure: 'Serve all files of the bundle side by side, and call again once they can be reached; some browsers ask for a script again only after a reload',
      cause,
    });
  }
}
