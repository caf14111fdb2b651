import { load } from 'tracelet/jit';

/** Traces by file name, each from the moment that its loading began: requests that come meanwhile share it. */
const models = new Map();

/** The trace `name` from the R2 bucket MODELS, or else from the static assets. */
export function openModel(name, env, ctx) {
  let model = models.get(name);
  if (!model) {
    model = fetchModel(name, env);
    models.set(name, model);
    model.catch(() => models.delete(name));
    ctx.waitUntil(
      model.then(
        () => {},
        () => {},
      ),
    );
  }
  return model;
}

async function fetchModel(name, env) {
  const object = await env.MODELS?.get(name);
  if (object) return load(object.body);
  const asset = await env.ASSETS?.fetch(`https://assets.local/${name}`);
  if (!asset?.ok) throw new Error(`${name} is neither in the bucket MODELS nor among the assets`);
  return load(asset);
}
