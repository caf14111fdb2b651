import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, so that none of them is left to run alone in the end. */
const LONG = [
  ...['package/runtimes', 'package/servers', 'package/exports', 'package/typescript', 'fuzz/fuzz', 'models/dtype', 'models/minilm'],
  ...['package/edge', 'package/readme', 'models/models', 'models/families', 'batch/queue', 'cli/examples', 'cli/traces', 'cli/tasks'],
];

/** Long files first, in the order of the list; then project by project, as a process is kept for the next file of its own. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b) || a.project.name.localeCompare(b.project.name));
  }
}
