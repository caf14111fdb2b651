import { jit } from 'tracelet';

/** Traces by file name, each from the moment that its loading began: requests that come meanwhile share it. */
const models = new Map();

/** The trace `name` from the R2 bucket MODELS, or else from the static assets. */
export function openModel(name, env, ctx) {
  let model = models.get(name);
  if (!model) {
    model = load(name, env);
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

async function load(name, env) {
  const object = await env.MODELS?.get(name);
  if (object) return jit.load(object.body);
  const asset = await env.ASSETS?.fetch(`https://assets.local/${name}`);
  if (!asset?.ok) throw new Error(`${name} is neither in the bucket MODELS nor among the assets`);
  return jit.load(asset);
}
