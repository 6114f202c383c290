import type { DynamoClient } from '@aideals/store/dynamodb';
import { type Command, InvalidArgumentError } from 'commander';
import { UserError, wrongUse } from '../user-error.js';

interface CreateOptions {
  provisioned?: true;
  minUnits: number;
  maxUnits: number;
}

const MAX_UNITS = 40_000;

const parseUnits = (text: string): number => {
  const units = Number(text);
  if (Number.isInteger(units) && units >= 1 && units <= MAX_UNITS) return units;
  throw new InvalidArgumentError(`give a whole number of 1 to ${MAX_UNITS}.`);
};

/** What a DynamoDB lacks, in words that end a line. */
const LACKS = {
  ttl: 'this DynamoDB deletes no expired items: they stay, unseen',
  scaling: 'the capacity stays as it is: there is no auto scaling at a named endpoint',
};

/** Runs with a client of the environment's tables, and tells what stopped it in one line. */
const withClient = async (work: (client: DynamoClient) => Promise<void>): Promise<void> => {
  const { DynamoClient, dynamoSettings, DynamoUnavailable, TableError } = await import('@aideals/store/dynamodb');
  const read = dynamoSettings(process.env);
  if (!read.ok) throw wrongUse(read.problems.join(' · '));
  const client = new DynamoClient(read.settings);
  try {
    await work(client);
  } catch (error) {
    if (error instanceof TableError || error instanceof DynamoUnavailable) throw new UserError(error.message);
    throw error;
  } finally {
    client.close();
  }
};

const create = (options: CreateOptions): Promise<void> => {
  const { provisioned = false, minUnits, maxUnits } = options;
  if (maxUnits < minUnits) throw wrongUse(`--max-units: ${maxUnits} is less than --min-units, which is ${minUnits}`);
  return withClient(async (client) => {
    const { createTables } = await import('@aideals/store/dynamodb');
    const billing = provisioned ? ({ mode: 'provisioned', minUnits, maxUnits } as const) : undefined;
    const made = await createTables(client, billing === undefined ? {} : { billing });
    for (const { table, outcome } of made) {
      process.stdout.write(`${outcome === 'created' ? 'created' : 'there already'}: ${table} (${client.where})\n`);
    }
    const lacking = new Set(made.flatMap(({ without }) => without));
    for (const lack of lacking) process.stderr.write(`aideals: ${LACKS[lack]}\n`);
  });
};

const check = (): Promise<void> =>
  withClient(async (client) => {
    const { checkTables } = await import('@aideals/store/dynamodb');
    const tables = await checkTables(client);
    for (const { TableName } of Object.values(tables)) process.stdout.write(`fit: ${TableName} (${client.where})\n`);
  });

const ENVIRONMENT = `
Settings, from the environment: AWS_REGION, AWS_ENDPOINT_URL_DYNAMODB for a local one, and the tables' names:
CONNECTIONS_TABLE (WebSocketConnections), SUBSCRIPTIONS_TABLE (WebSocketSubscriptions), AIDEALS_TABLE (Aideals).
Credentials are found as the AWS SDK finds them; a local DynamoDB needs none.`;

export const addDynamodb = (program: Command): void => {
  const dynamodb = program.command('dynamodb').description('make the tables on DynamoDB, or look whether they are fit');
  dynamodb
    .command('create')
    .description('make the tables that are not there: on demand, unless told otherwise')
    .option('--provisioned', 'buy capacity, and let it follow the load')
    .option('--min-units <n>', 'with --provisioned: the least units of reading and of writing, each', parseUnits, 5)
    .option('--max-units <n>', 'with --provisioned: the most', parseUnits, 1000)
    .addHelpText('after', ENVIRONMENT)
    .action(create);
  dynamodb
    .command('check')
    .description('look whether all tables are there, with the right keys; exit code 1 where one is not')
    .addHelpText('after', ENVIRONMENT)
    .action(check);
};
