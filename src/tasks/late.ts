import { onDemand } from '../base/ondemand.ts';
import type { Source } from '../sources/source.ts';
import type { AggregationStrategy } from './entities.ts';
import type { Pipeline, PipelineOptions, TaskName } from './pipeline.ts';
import type { Deciding } from './registry.ts';
import type { TopK } from './task.ts';

/**
 * Opens a model for a task, as `pipeline` of transformers and transformers.js: a directory, an address or a hub id with a model of transformers, which is
 * traced once, or a trace with its tokenizer, such as `save` of a pipeline writes. Answers a function of texts whose results follow from the task.
 * Throws `value` errors for tasks and options that are not known, and the errors of reading and tracing.
 */
export async function pipeline<Name extends TaskName, Strategy extends AggregationStrategy = 'none', Top extends TopK = undefined>(
  task: Name,
  model: Source,
  options?: PipelineOptions<Name> & Deciding<Strategy, Top>,
): Promise<Pipeline<Name, Strategy, Top>> {
  const { openPipeline } = await onDemand('pipelines', () => import('./pipeline.ts'));
  return openPipeline(task, model, options) as unknown as Promise<Pipeline<Name, Strategy, Top>>;
}
