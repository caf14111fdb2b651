import { onDemand } from '../base/ondemand.ts';
import type { SourceOptions } from '../sources/folder.ts';
import type { Checkpoint, CheckpointSource } from './checkpoint.ts';

/**
 * Reads a checkpoint: a directory, address or hub id with model.safetensors, its index and shards, a trace, or pytorch_model.bin, its index and
 * shards; a safetensors file or one of torch.save, its bytes (on which float32 tensors may then be views), or a stream of them. 16-bit and 64-bit
 * floats become float32. Integers of a quantised trace become float32 on first use, and what belongs to them, such as `<name>.scale`, is gone.
 * `LayerNorm.gamma` and `.beta` of old checkpoints become `.weight` and `.bias`; `module.`, with which nn.DataParallel begins all
 * names, is cut off. Of files of torch.save nothing is run: their pickles may name what a state_dict is made of.
 *
 * Throws `source` where nothing is found, `format` for a broken file, `unsupported` for files of PyTorch that are no state_dict, and
 * `checkpoint` where names or shards contradict each other.
 */
export async function openCheckpoint(source: CheckpointSource, options?: SourceOptions): Promise<Checkpoint> {
  const checkpoints = await onDemand('what reads checkpoints', () => import('./checkpoint.ts'));
  return checkpoints.openCheckpoint(source, options);
}
