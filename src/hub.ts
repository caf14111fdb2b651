import { places as files } from './sources/places/given.ts';
import { places as tokenizers } from './tokenizer/places/given.ts';

files.load = () => import('./sources/places/now.ts');
tokenizers.load = () => import('./tokenizer/places/now.ts');
