import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type MetricName, Metrics } from '../../src/serve/metrics.ts';

const lines = (metrics: Metrics): string[] => metrics.text().trimEnd().split('\n');

test('values stand in the text format of Prometheus', () => {
  const metrics = new Metrics();
  metrics.add('te_request_failure', { err: 'a "quoted" \\ and\nbroken' });
  metrics.observe('te_batch_next_size', 3);
  metrics.observe('te_batch_next_size', 10 ** 9);
  for (const line of lines(metrics)) expect(line).toMatch(/^(# (HELP|TYPE) te_\w+ .+|te_\w+(\{(\w+="(\\.|[^"\\])*",?)+\})? [\d.e+-]+)$/);
  expect(lines(metrics)).toContain('te_request_failure{err="a \\"quoted\\" \\\\ and\\nbroken"} 1');
  expect(
    lines(metrics)
      .filter((line) => line.startsWith('te_batch_next_size_bucket'))
      .map((line) => line.split(' ')[1])
      .slice(0, 4),
  ).toEqual(['0', '0', '1', '1']);
  expect(lines(metrics)).toContain('te_batch_next_size_bucket{le="+Inf"} 2');
  expect(lines(metrics)).toContain(`te_batch_next_size_sum ${3 + 10 ** 9}`);
});

test('durations have 35 buckets from 15 microseconds on, each half as large again', () => {
  const metrics = new Metrics();
  metrics.observe('te_request_duration', 1e-5);
  const ends = [...metrics.text().matchAll(/te_request_duration_bucket\{le="([\d.]+)"\}/g)].map(([, end]) => Number(end));
  expect(ends).toHaveLength(35);
  expect(ends[0]).toBe(1.5e-5);
  for (let i = 1; i < ends.length; i++) expect(ends[i] / ends[i - 1]).toBeCloseTo(1.5, 5);
});

test('the dashboard asks for metrics that there are', () => {
  const { panels } = JSON.parse(readFileSync(new URL('../../docs/grafana.json', import.meta.url), 'utf8'));
  const names = JSON.stringify(panels).matchAll(/\bte_\w+/g);
  const known = new Set(lines(new Metrics()).flatMap((line) => /^# TYPE (\w+)/.exec(line)?.[1] ?? []));
  let seen = 0;
  for (const [name] of names) {
    expect(known, name).toContain(name.replace(/_(bucket|sum|count)$/, (end) => (known.has(name) ? end : '')) as MetricName);
    seen++;
  }
  expect(seen).toBeGreaterThan(12);
});
