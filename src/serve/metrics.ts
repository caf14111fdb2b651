/** Upper ends of the buckets of what takes time, in seconds, and of what is counted. */
const SECONDS = Array.from({ length: 35 }, (_, i) => 1.5e-5 * 1.5 ** i);
const POWERS = Array.from({ length: 16 }, (_, i) => 2 ** i);

/** What is measured, by the names that Text Embeddings Inference has for the same. */
const METRICS = {
  te_request_count: { help: 'Requests that ask a model something', buckets: undefined, type: 'counter' },
  te_request_success: { help: 'Of these, those that were answered', buckets: undefined, type: 'counter' },
  te_request_failure: { help: 'Requests that failed, by what was wrong', buckets: undefined, type: 'counter' },
  te_request_duration: { help: 'Seconds from a request to its answer', buckets: SECONDS, type: 'histogram' },
  te_request_tokenization_duration: { help: 'Seconds that reading the texts of a request took', buckets: SECONDS, type: 'histogram' },
  te_request_queue_duration: { help: 'Seconds that a text of a request waited', buckets: SECONDS, type: 'histogram' },
  te_request_inference_duration: { help: 'Seconds that a text of a request ran', buckets: SECONDS, type: 'histogram' },
  te_request_input_length: { help: 'Tokens of a text of a request', buckets: POWERS, type: 'histogram' },
  te_request_truncated: { help: 'Texts that lost tokens', buckets: undefined, type: 'counter' },
  te_queue_size: { help: 'Texts that wait', buckets: undefined, type: 'gauge' },
  te_batch_next_size: { help: 'Texts of a batch', buckets: POWERS, type: 'histogram' },
  te_batch_next_tokens: { help: 'Tokens of a batch', buckets: POWERS, type: 'histogram' },
} as const;
export type MetricName = keyof typeof METRICS;

const METHODS = [{ method: 'single' }, { method: 'batch' }];
/** Series that are there before anything was counted. */
const FIRST: Partial<Record<MetricName, readonly Readonly<Record<string, string>>[]>> = {
  te_request_count: METHODS,
  te_request_success: METHODS,
  te_request_truncated: [{}],
  te_queue_size: [{}],
};

/** Values of a metric with some labels. */
interface Series {
  value: number;
  sum: number;
  counts: number[];
}

const labelsOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}"`)
    .join(',');

const braced = (...labels: readonly string[]): string => {
  const all = labels.filter(Boolean).join(',');
  return all && `{${all}}`;
};

/** Counts of what the server does, in the text format of Prometheus. */
export class Metrics {
  readonly #series = new Map<MetricName, Map<string, Series>>();

  constructor() {
    for (const name of Object.keys(METRICS) as MetricName[]) {
      this.#series.set(name, new Map());
      for (const labels of FIRST[name] ?? []) this.#of(name, labels);
    }
  }

  add(name: MetricName, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    this.#of(name, labels).value += by;
  }

  set(name: MetricName, value: number, labels: Readonly<Record<string, string>> = {}): void {
    this.#of(name, labels).value = value;
  }

  /** Counts a value in its bucket. */
  observe(name: MetricName, value: number, labels: Readonly<Record<string, string>> = {}): void {
    const series = this.#of(name, labels);
    const { buckets = [] } = METRICS[name];
    const at = buckets.findIndex((end) => value <= end);
    if (at >= 0) series.counts[at]++;
    series.sum += value;
    series.value++;
  }

  text(): string {
    return [...this.#series].map(([name, series]) => this.#textOf(name, series)).join('');
  }

  #of(name: MetricName, labels: Readonly<Record<string, string>>): Series {
    const all = this.#series.get(name) as Map<string, Series>;
    const key = labelsOf(labels);
    const known = all.get(key);
    if (known) return known;
    const made: Series = { value: 0, sum: 0, counts: (METRICS[name].buckets ?? []).map(() => 0) };
    all.set(key, made);
    return made;
  }

  #textOf(name: MetricName, all: ReadonlyMap<string, Series>): string {
    const { help, type, buckets } = METRICS[name];
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
    for (const [labels, { value, sum, counts }] of all) {
      if (!buckets) lines.push(`${name}${braced(labels)} ${value}`);
      else {
        let below = 0;
        for (const [i, end] of buckets.entries()) {
          below += counts[i];
          lines.push(`${name}_bucket${braced(labels, `le="${Number(end.toPrecision(9))}"`)} ${below}`);
        }
        lines.push(`${name}_bucket${braced(labels, 'le="+Inf"')} ${value}`);
        lines.push(`${name}_sum${braced(labels)} ${sum}`, `${name}_count${braced(labels)} ${value}`);
      }
    }
    return `${lines.join('\n')}\n`;
  }
}
