import type { Call } from './call.ts';
import type { Dialect } from './dialect.ts';
import { Fault } from './fault.ts';
import type { Ability } from './model.ts';
import type { Schema } from './schema.ts';

/** One thing that can be asked of the server. */
export interface Route<Body = unknown> {
  readonly method: 'GET' | 'POST';
  /** The first is its name. One that ends in `/{name}` takes whatever stands there. */
  readonly paths: readonly [string, ...string[]];
  readonly dialect: Dialect;
  readonly summary: string;
  /** What a model has to be able to do. */
  readonly ability?: Ability;
  /** What a body is proved by; none where there is no body. */
  readonly body?: Schema;
  /** Whether a body may be of any type, as `curl -d` sends it, where no page sends it. */
  readonly anyType?: boolean;
  /** A body that is answered. */
  readonly example?: Body;
  /** What is answered, or the type of what is no JSON. */
  readonly answer: Schema | string;
  /** Whether it takes no key. */
  readonly isOpen?: boolean;
  run(call: Call, body: Body): Promise<unknown> | unknown;
}

/** A route with the body that its schema proves. */
export const route = <Body>(given: Route<Body>): Route => given as Route;

/** Throws a fault for more texts than a request may have. */
export function limited<T>({ options: { max_client_batch_size: most } }: Call, texts: readonly T[], param: string): readonly T[] {
  if (texts.length <= most) return texts;
  throw new Fault('invalid', `batch size ${texts.length} > maximum allowed batch size ${most}`, { param });
}

/** Indexes by their scores, the best first, the first of equals before the others. */
export const ranked = (scores: readonly number[]): number[] => [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b);
