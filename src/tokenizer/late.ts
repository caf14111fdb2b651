import { known } from './fields.ts';

known.load = () => import('./all.ts');
