import { TraceletError } from '../base/error.ts';

/** What `load` imports. Throws an `unsupported` error where the package `name` is not installed. */
export async function loaded<T>(load: () => Promise<T>, name: string, cure = `npm install ${name}`): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new TraceletError('unsupported', {
      what: 'tracelet/bullmq',
      expected: `the package ${name}`,
      got: (cause as Error).message,
      cure,
      cause,
    });
  }
}
