export { openModule } from '../archive.ts';
