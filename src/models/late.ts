import { onDemand } from '../base/ondemand.ts';

/** What knows all families. */
export const families = () => onDemand('the families of models', () => import('./classes.ts'));
/** What reads configurations. */
export const configFiles = () => onDemand('what reads configurations', () => import('./configfile.ts'));
/** What loads the weights of a class. */
export const loading = () => onDemand('what loads models', () => import('./load.ts'));
/** What loads models whose class their files choose. */
export const choosing = () => onDemand('what loads models', () => import('./autoload.ts'));
/** What loads tokenizers whose class their files choose. */
export const tokenizers = () => onDemand('what loads tokenizers', () => import('./autotokenizer.ts'));
/** What reads folders of sentence-transformers. */
export const sentenceFolders = () => onDemand('what reads folders of sentence-transformers', () => import('./sentence/folder.ts'));
/** What writes folders. */
export const writing = () => onDemand('what writes models', () => import('./folderfiles.ts'));
