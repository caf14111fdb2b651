import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import type { Routing } from '../sentence/router.ts';
import type { TracedModule } from '../traced/traced.ts';

/** The traces of a folder with a Router, by route. */
export class Routes {
  readonly traces: ReadonlyMap<string, TracedModule>;
  readonly routing: Routing;

  constructor(traces: ReadonlyMap<string, TracedModule>, routing: Routing) {
    this.traces = traces;
    this.routing = routing;
  }

  /** That of texts of no task, or the first where there is none for them. */
  get usual(): TracedModule {
    const [first] = this.traces.values();
    return this.traces.get(this.routing.routeOf() ?? '') ?? first;
  }

  /** The trace that texts of a task, or of none, run through. Throws a `value` error where there is none for them. */
  traceFor(what: string, task: string | undefined): TracedModule {
    const route = this.routing.routeOf(task);
    const traced = route === undefined ? undefined : this.traces.get(route);
    if (traced) return traced;
    const known = [...this.traces.keys()].join(', ');
    throw new TraceletError('value', {
      what: `${what}: the route of ${task === undefined ? 'texts of no task' : describe(task)}`,
      expected: `one of ${known}`,
      got: 'none',
      cure: 'Name one as task of encode()',
    });
  }
}
