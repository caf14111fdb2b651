/** Which headers pages of other origins get, by the origin that a request names. */
export function crossing(origins: string | readonly string[] | undefined): (request: Request) => Record<string, string> {
  const allowed = new Set([origins ?? []].flat());
  return ({ headers, method }) => {
    const origin = headers.get('origin');
    const isAny = allowed.has('*');
    if (!origin || !(isAny || allowed.has(origin))) return {};
    return {
      'access-control-allow-origin': isAny ? '*' : origin,
      ...(!isAny && { vary: 'origin' }),
      'access-control-expose-headers': 'x-request-id, x-compute-tokens, x-compute-time, x-total-time, x-truncated-texts, retry-after',
      ...(method === 'OPTIONS' && {
        'access-control-allow-methods': 'GET, POST, OPTIONS',
        'access-control-allow-headers': headers.get('access-control-request-headers') ?? 'authorization, content-type',
        'access-control-max-age': '86400',
      }),
    };
  };
}
