import type { Registry } from '../registry.ts';
import type { Route } from '../route.ts';
import { either, misfit, type Schema } from '../schema.ts';

/** Which routes answer what is asked at no path, the first that the body fits. */
const MAIN = ['/embed', '/similarity', '/embed_sparse', '/rerank', '/predict'];

/** What is asked at no path: the main thing that the models can do, as endpoints of Hugging Face and SageMaker are asked. */
export function mainRoute(routes: readonly Route[], registry: Registry): Route | undefined {
  const isAble = ({ ability }: Route): boolean => ability !== undefined && registry.able(ability).length > 0;
  const all = MAIN.map((path) => routes.find(({ paths }) => paths[0] === path) as Route).filter(isAble);
  if (all.length === 0) return undefined;
  const [first] = all;
  return {
    method: 'POST',
    paths: ['/', '/invocations'],
    dialect: first.dialect,
    summary: `What ${all.map(({ paths }) => paths[0]).join(', ')} answer, by the form of the body`,
    body: either(...all.map(({ body }) => body as Schema)),
    answer: either(...all.map(({ answer }) => answer as Schema)),
    run(call, body) {
      const route = all.find((each) => misfit(each.body as Schema, body) === undefined) ?? first;
      return route.run(call, body);
    },
  };
}
