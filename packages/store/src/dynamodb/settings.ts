/** The three tables of a deployment. */
export interface TableNames {
  readonly connections: string;
  readonly subscriptions: string;
  readonly aideals: string;
}

export type TableRole = keyof TableNames;

export interface DynamoSettings {
  readonly region: string;
  /** A URL; the region's own endpoint where it is left out. */
  readonly endpoint?: string;
  readonly tables: TableNames;
}

/** The environment variable that names each table. */
export const TABLE_VARIABLES: Readonly<Record<TableRole, string>> = {
  connections: 'CONNECTIONS_TABLE',
  subscriptions: 'SUBSCRIPTIONS_TABLE',
  aideals: 'AIDEALS_TABLE',
};

const DEFAULT_TABLES: TableNames = {
  connections: 'WebSocketConnections',
  subscriptions: 'WebSocketSubscriptions',
  aideals: 'Aideals',
};

/** The region that a local endpoint is signed for: it does not look. */
const LOCAL_REGION = 'us-east-1';

export type ReadSettings =
  | { readonly ok: true; readonly settings: DynamoSettings }
  /** One line each, which begins with the variable's name. */
  | { readonly ok: false; readonly problems: readonly string[] };

export type Environment = Readonly<Record<string, string | undefined>>;

const given = (environment: Environment, ...names: readonly string[]): string | undefined =>
  names.map((name) => environment[name]?.trim()).find((value) => value !== undefined && value !== '');

const isUrl = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:';
};

/** What the environment says of DynamoDB: the variables are those of the serverless guide and of the AWS SDK. */
export const dynamoSettings = (environment: Environment): ReadSettings => {
  const problems: string[] = [];
  const endpoint = given(environment, 'AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL');
  if (endpoint !== undefined && !isUrl(endpoint)) {
    problems.push(
      `AWS_ENDPOINT_URL_DYNAMODB: ${endpoint} is no http or https URL; give one like http://127.0.0.1:8000`,
    );
  }
  const region = given(environment, 'AWS_REGION', 'REGION', 'AWS_DEFAULT_REGION');
  if (region === undefined && endpoint === undefined) {
    problems.push('AWS_REGION: is not set; DynamoDB is reached in a region, such as eu-central-1');
  }
  const tables: TableNames = {
    connections: given(environment, 'CONNECTIONS_TABLE', 'CONNECTIONS_TABLE_NAME') ?? DEFAULT_TABLES.connections,
    subscriptions: given(environment, 'SUBSCRIPTIONS_TABLE') ?? DEFAULT_TABLES.subscriptions,
    aideals: given(environment, 'AIDEALS_TABLE') ?? DEFAULT_TABLES.aideals,
  };
  const roles = Object.keys(TABLE_VARIABLES) as TableRole[];
  for (const [i, role] of roles.entries()) {
    const name = tables[role];
    if (!/^[A-Za-z0-9_.-]{3,255}$/u.test(name)) {
      problems.push(`${TABLE_VARIABLES[role]}: ${name} is no table name; it has 3 to 255 letters, digits and _ . -`);
    }
    const other = roles.slice(0, i).find((earlier) => tables[earlier] === name);
    if (other !== undefined) {
      problems.push(
        `${TABLE_VARIABLES[role]}: ${name} is the table of ${TABLE_VARIABLES[other]} too; each has its own`,
      );
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    settings: { region: region ?? LOCAL_REGION, tables, ...(endpoint === undefined ? {} : { endpoint }) },
  };
};
