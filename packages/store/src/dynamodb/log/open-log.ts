import { createHash } from 'node:crypto';
import type { Clock } from '@aideals/core';
import { type Segment, Segments } from '@aideals/core/memory';
import type { DynamoClient } from '../client.js';
import { describeTable, TableError } from '../tables.js';
import { Chunks } from './chunks.js';
import { Claims } from './claims.js';
import { FailedAppends } from './failed.js';
import { LogHead, positionOf } from './head.js';
import { headKey, segmentsKey } from './items.js';
import { Placing } from './placing.js';
import { LogReader } from './reader.js';
import { LogWriter } from './writer.js';

/** Segments that ended before the oldest event are told from unknown ones as long as they are among so many. */
const MAX_SEGMENTS = 100;

/** How long items stay beyond retention, so that what is slow to be trimmed is not gone before. */
const MARGIN_SECONDS = 3_600;

export interface LogOptions {
  readonly clock: Clock;
  /** Events are kept for so long; an hour where it is left out. DynamoDB deletes them some time after. */
  readonly retentionSeconds?: number;
  /** The memory for items that were read or written lately; 64 MiB where it is left out. */
  readonly cacheBytes?: number;
  /**
   * What the repeat of an append counts as that ended before it was confirmed, and whose events stand in the log: `replayed`
   * where whoever was connected has them from there, as after a restart of the one node; `new` where the repeat is who
   * delivers them, as on Lambda.
   */
  readonly completedIs?: 'replayed' | 'new';
}

/** A log as it is open. */
export interface OpenLog {
  readonly segments: Segments;
  readonly head: LogHead;
  readonly reader: LogReader;
  readonly writer: LogWriter;
}

/** A restored table has an id of its own: what was written since the backup is not in it. */
const tableId = async (client: DynamoClient): Promise<string> => {
  const table = await describeTable(client, 'aideals');
  if (table === undefined) {
    throw new TableError(
      `AIDEALS_TABLE: the table ${client.tables.aideals} does not exist; \`aideals dynamodb create\` makes it (${client.where})`,
    );
  }
  return table.TableId ?? `${table.TableArn} ${table.CreationDateTime?.getTime()}`;
};

/** The same on every node. */
const segmentName = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 12);

/** The segments of the log, with that of this table as the last. Any number of nodes may do this at once. */
const openSegments = async (client: DynamoClient, table: string, name: string): Promise<Segments> => {
  const TableName = client.tables.aideals;
  for (;;) {
    const stored = await client.get({ TableName, Key: segmentsKey });
    const list = stored === undefined ? [] : (JSON.parse(stored['list'] as string) as Segment[]);
    if (stored?.['table'] === table) return new Segments(list);
    const head = await client.get({ TableName, Key: headKey });
    const { begin, top } = head === undefined ? { begin: 1, top: 0 } : positionOf(head);
    const segments = new Segments(list);
    segments.open(name, top + 1);
    segments.forget(begin, MAX_SEGMENTS);
    await client.put({
      TableName,
      Item: { ...segmentsKey, table, list: JSON.stringify(segments.list) },
      ...(stored === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: '#table = :was',
            ExpressionAttributeNames: { '#table': 'table' },
            ExpressionAttributeValues: { ':was': stored['table'] },
          }),
    });
  }
};

/** Lets the head belong to this segment; makes it where the log is new. */
const openHead = async (client: DynamoClient, name: string): Promise<LogHead> => {
  const TableName = client.tables.aideals;
  await client.update({
    TableName,
    Key: headKey,
    UpdateExpression: 'SET #s = :s, #n = if_not_exists(#n, :zero), #b = if_not_exists(#b, :one)',
    ConditionExpression: 'attribute_not_exists(pk) OR #s <> :s',
    ExpressionAttributeNames: { '#s': 's', '#n': 'n', '#b': 'b' },
    ExpressionAttributeValues: { ':s': name, ':zero': 0, ':one': 1 },
  });
  const head = new LogHead(client, name, { begin: 1, top: 0 });
  await head.read();
  return head;
};

/** Takes in what was put past the head by who did not live to confirm it: from now on nobody will miss it. */
const takeIn = async (head: LogHead, reader: LogReader): Promise<void> => {
  let { top } = head.known;
  for (let item = await reader.itemAt(top + 1); item !== undefined; item = await reader.itemAt(top + 1)) top += item.n;
  if (top > head.known.top) await head.reach(top);
};

/** Opens the log that `AIDEALS_TABLE` holds; begins it where there is none. */
export const openLog = async (client: DynamoClient, options: LogOptions): Promise<OpenLog> => {
  const { clock, retentionSeconds = 3_600, cacheBytes = 64 * 1024 * 1024, completedIs = 'replayed' } = options;
  const table = await tableId(client);
  const name = segmentName(table);
  const segments = await openSegments(client, table, name);
  const head = await openHead(client, name);
  const chunks = new Chunks(cacheBytes);
  const reader = new LogReader(client, chunks);
  await takeIn(head, reader);
  const failed = new FailedAppends(client, chunks);
  const keptSeconds = retentionSeconds + MARGIN_SECONDS;
  const placing = new Placing({ client, clock, head, reader, failed, keptSeconds });
  const claims = new Claims({ client, clock, placing, reader });
  const writer = new LogWriter({ clock, head, chunks, placing, claims, failed, completedIs });
  return { segments, head, reader, writer };
};
