import type { Named } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LocalRunner, Runner, Signatures } from '../runner.ts';
import type { WorkerChoice } from './choose.ts';
import type { WorkerPool } from './pool.ts';

/** The pool of runtimes that have no workers: calls run in place, one after the other. It imports nothing. */
export async function startPool(local: LocalRunner, { why }: WorkerChoice): Promise<Runner & Pick<WorkerPool, 'method'>> {
  return Object.assign(inPlace(local, why), { method: (_name: string, other: LocalRunner) => inPlace(other, why) });
}

function inPlace(local: LocalRunner, why: string): Runner {
  return {
    local,
    workers: 0,
    concurrency: 1,
    get signatures(): Signatures {
      return local.signatures;
    },
    explain: () => [...local.explain().slice(0, -1), `no workers, so that calls run in place: ${why}`],
    run: (inputs: Record<string, Tensor>, options?: { outputs?: readonly string[]; signal?: AbortSignal }): Promise<Named[]> =>
      local.run(inputs, options),
    dispose: () => local.dispose(),
  };
}
