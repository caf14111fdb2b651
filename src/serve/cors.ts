/** Which headers pages of other origins get, by the origin that a request names. */
export function crossing(origins: string | readonly string[] | undefined): (request: Request) => Record<string, string> {
  const allowed = new Set([origins ?? []].flat());
  return ({ headers, method }) => {
    const origin = headers.get('origin');
    const isAny = allowed.has('*');
    const varies = { ...(allowed.size > 0 && !isAny && { vary: 'origin' }) };
    if (!origin || !(isAny || allowed.has(origin))) return varies;
    return {
      'access-control-allow-origin': isAny ? '*' : origin,
      ...varies,
      'access-control-expose-headers': 'x-request-id, x-compute-tokens, x-compute-time, x-total-time, x-truncated-texts, retry-after',
      ...(method === 'OPTIONS' && {
        'access-control-allow-methods': 'GET, POST, OPTIONS',
        'access-control-allow-headers': headers.get('access-control-request-headers') ?? 'authorization, content-type',
        'access-control-max-age': '86400',
      }),
    };
  };
}
