import { onDemand } from '../../base/ondemand.ts';
import type * as Now from './now.ts';

const places = () => onDemand('what reads and writes tokenizers', () => import('./now.ts'));

/** As {@link Now.filesFrom}. */
export const filesFrom: typeof Now.filesFrom = async (...args) => (await places()).filesFrom(...args);

/** As {@link Now.saveTokenizer}. */
export const saveTokenizer: typeof Now.saveTokenizer = async (...args) => (await places()).saveTokenizer(...args);
