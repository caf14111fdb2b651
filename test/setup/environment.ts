/** Variables of a developer's shell that change what the library, the tools or Node itself do. */
const LEAKS =
  /^(HF|TRANSFORMERS|TRACELET)_|^NODE_(OPTIONS|ENV|DEBUG|PATH|NO_WARNINGS|USE_ENV_PROXY|V8_COVERAGE)$|_proxy$|^(NO|FORCE)_COLOR$/i;
/** Those by which the tests themselves are told what to try. */
const OURS = ['TRACELET_MINILM', 'TRACELET_PAIRS', 'TRACELET_RUNTIMES', 'TRACELET_SEED'];

/** Takes what could leak into tests out of the environment that their processes get. */
export function clearEnvironment(): void {
  for (const name of Object.keys(process.env)) if (LEAKS.test(name) && !OURS.includes(name)) delete process.env[name];
  process.env.NODE_ENV = 'test';
}
