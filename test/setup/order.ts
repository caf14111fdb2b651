import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, so that none of them is left to run alone in the end. */
const LONG = ['runtimes', 'servers', 'minilm', 'typescript', 'edge', 'readme', 'cli-traces', 'cli-streams', 'threads', 'cli-runs'];

/** Long files first, in the order of the list. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.indexOf(/([\w-]+)\.test\.ts$/.exec(moduleId)?.[1] ?? '');
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
