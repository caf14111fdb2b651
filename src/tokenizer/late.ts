import { onDemand } from '../base/ondemand.ts';
import { known } from './known.ts';

known.load = () => onDemand('the tokenizers beside those of BERT', () => import('./all.ts'));
