import { TEI } from '../dialect.ts';
import { Fault } from '../fault.ts';
import { route } from '../route.ts';
import { COUNT, object, orNull, text } from '../schema.ts';
import { VERSION } from '../version.ts';

/** What tells of the server itself. */
export const SERVER_ROUTES = [
  route({
    method: 'GET',
    paths: ['/health', '/ping', '/'],
    dialect: TEI,
    summary: 'Whether the server answers',
    answer: 'text/plain',
    isOpen: true,
    run({ host }) {
      if (host.isDraining) throw new Fault('unhealthy', 'unhealthy');
      return '';
    },
  }),
  route({
    method: 'GET',
    paths: ['/metrics'],
    dialect: TEI,
    summary: 'Counts for Prometheus',
    answer: 'text/plain; version=0.0.4; charset=utf-8',
    run: ({ host: { metrics } }) => metrics.text(),
  }),
  route({
    method: 'GET',
    paths: ['/info'],
    dialect: TEI,
    summary: 'What is served, and its limits',
    answer: object({
      model_id: text(),
      model_sha: orNull(text()),
      model_dtype: text(),
      served_model_name: text(),
      model_type: { type: 'object' },
      max_concurrent_requests: COUNT,
      max_input_length: COUNT,
      max_batch_tokens: COUNT,
      max_batch_requests: orNull(COUNT),
      max_client_batch_size: COUNT,
      auto_truncate: { type: 'boolean' },
      tokenization_workers: COUNT,
      version: text(),
      sha: orNull(text()),
      docker_label: orNull(text()),
    }),
    run({ models: { models }, options }) {
      const [model] = models;
      return {
        model_id: model.name,
        model_sha: null,
        model_dtype: model.dtype,
        served_model_name: model.name,
        model_type: model.type,
        max_concurrent_requests: options.max_concurrent_requests,
        max_input_length: model.longest,
        max_batch_tokens: options.max_batch_tokens,
        max_batch_requests: options.max_batch_requests ?? null,
        max_client_batch_size: options.max_client_batch_size,
        auto_truncate: options.auto_truncate,
        tokenization_workers: 1,
        version: VERSION,
        sha: null,
        docker_label: null,
      };
    },
  }),
];
