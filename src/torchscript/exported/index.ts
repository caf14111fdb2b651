import type { Archive } from '../../formats/torch/archive.ts';
import type { ScriptModule } from '../module.ts';
import { StoredTensors } from '../tensors.ts';
import { openContainer } from './container.ts';
import { ExportedModule } from './module.ts';

/** The module in an archive of torch.export.save. Throws `format`, `unsupported` and `version` errors. */
export function openExported(archive: Archive, names?: readonly string[]): ScriptModule {
  const tensors = new StoredTensors(archive.name);
  return new ExportedModule(openContainer(archive, tensors), tensors, names);
}
