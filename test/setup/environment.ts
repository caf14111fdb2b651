/** Variables of a developer's shell that change what the library, the tools or Node itself do. Those that tests are told by are none of them. */
const LEAKS = [
  /^(HF|TRANSFORMERS)_/,
  /^TRACELET_(CACHE|DEBUG)$/,
  /^NODE_(OPTIONS|ENV|DEBUG|PATH|NO_WARNINGS|USE_ENV_PROXY|V8_COVERAGE)$/,
  /_proxy$/i,
  /^(NO|FORCE)_COLOR$/,
];

/** Takes what could leak into tests out of the environment that their processes get. */
export function clearEnvironment(): void {
  for (const name of Object.keys(process.env)) if (LEAKS.some((leak) => leak.test(name))) delete process.env[name];
  process.env.NODE_ENV = 'test';
}
