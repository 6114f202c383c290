/** The variables by which the command and the examples find a deployment, and what else is to be known of it. */
export const outputNames = [
  'WEBSOCKET_API_GATEWAY_URL',
  'WEBSOCKET_API_GATEWAY_ID',
  'AIDEALS_HTTP_URL',
  'AIDEALS_WEBSOCKET_DOMAIN_TARGET',
  'AIDEALS_HTTP_DOMAIN_TARGET',
  'REDIS_HOST',
  'REDIS_PORT',
] as const;

export type OutputName = (typeof outputNames)[number];

/** Names of outputs are letters and digits alone. */
const bare = (name: string): string => name.replaceAll('_', '');

/** What `cdk deploy --outputs-file` wrote, as lines of an environment: of each stack those that are known. */
export const environmentLines = (
  stacks: Readonly<Record<string, Readonly<Record<string, string>>>>,
): readonly string[] =>
  Object.values(stacks).flatMap((values) =>
    outputNames.flatMap((name) => {
      const value = values[bare(name)];
      return value === undefined ? [] : [`${name}=${value}`];
    }),
  );
