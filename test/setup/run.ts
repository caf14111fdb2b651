import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
// @ts-expect-error a script without types
import { buildStale } from '../../scripts/fresh.mjs';

/**
 * Before the tests of a run, and before each time that a watcher runs some again: dist/ is built from the sources as they are, and all
 * temporary files lie in one folder, which goes with the run. The package is packed into it once for all tests that install it.
 */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'tracelet-tests-'));
  const packed = join(folder, 'packed');
  const prepare = (): void => {
    buildStale();
    rmSync(packed, { recursive: true, force: true });
    mkdirSync(packed);
  };
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    prepare();
  } catch (error) {
    remove();
    throw error;
  }
  project.onTestsRerun(async () => prepare());
  Object.assign(process.env, { TMPDIR: folder, TRACELET_PACKED: packed });
  return remove;
}
