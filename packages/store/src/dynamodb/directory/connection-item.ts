import type { ConnectionRecord, RecordPatch } from '@aideals/core';
import type { Item } from '../client.js';
import { connectionKey, endOfConnection } from './keys.js';

/** Changed one by one, so that two that change different ones do not undo each other. */
const FIELDS = [
  'connectionId',
  'userId',
  'connectedAt',
  'tokenExp',
  'firstSignIn',
  'scopes',
  'rooms',
  'client',
  'ip',
] as const satisfies readonly (keyof ConnectionRecord)[];

/** A connection's row as it is written first. `w` is the token of the write. */
export const connectionItem = (record: ConnectionRecord, mark: string, w: string): Item => ({
  ...connectionKey(record.connectionId),
  ...record,
  mark,
  w,
  ttl: endOfConnection(record.connectedAt),
});

/** `now` is in Unix seconds: whose token is past its time counts as expired, also before a sweep has noted it. */
export const recordOf = (item: Item, now: number): ConnectionRecord => {
  const record: Item = {};
  for (const field of FIELDS) if (item[field] !== undefined) record[field] = item[field];
  if (item['expired'] === true || (item['tokenExp'] as number) <= now) record['expired'] = true;
  return record as unknown as ConnectionRecord;
};

/** What sets the fields of a patch, each by itself; undefined where it has none. */
export const patchExpression = (patch: RecordPatch) => {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  if (given.length === 0) return undefined;
  return {
    UpdateExpression: `SET ${given.map(([field]) => `#${field} = :${field}`).join(', ')}`,
    ConditionExpression: 'attribute_exists(pk)',
    ExpressionAttributeNames: Object.fromEntries(given.map(([field]) => [`#${field}`, field])),
    ExpressionAttributeValues: Object.fromEntries(given.map(([field, value]) => [`:${field}`, value])),
  };
};
