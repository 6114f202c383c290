/** What a function returns to API Gateway, as far as it is a response. */
export interface ProxyResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null || value === '' ? undefined : String(value);

/** The response in a result’s JSON text; undefined where it is none, which API Gateway takes for a fault. */
export const proxyResultOf = (payload: string): ProxyResult | undefined => {
  const result: unknown = JSON.parse(payload);
  if (typeof result !== 'object' || result === null) return undefined;
  const { statusCode, headers, body, isBase64Encoded } = result as Record<string, unknown>;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  const text = textOf(body);
  return {
    statusCode: status,
    headers: Object.fromEntries(
      Object.entries((headers ?? {}) as Record<string, unknown>).map(([name, value]) => [name, String(value)]),
    ),
    body: text !== undefined && isBase64Encoded === true ? Buffer.from(text, 'base64').toString() : text,
  };
};
