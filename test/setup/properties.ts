import { createRequire } from 'node:module';

type FastCheck = typeof import('fast-check')['default'];

const { default: fc } = createRequire(import.meta.url)('fast-check') as { default: FastCheck };
const { TRACELET_SEED: seed = '1' } = process.env;

if (seed !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });

/** fast-check, which tries the same cases each time. TRACELET_SEED is another seed, or `random`; a property that fails names its seed. */
export default fc;
