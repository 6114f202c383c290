import { randomUUID } from 'node:crypto';

/** What a rule of EventBridge invokes its target with, each time it comes due. */
export const scheduledEvent = (rule: string, region: string, accountId: string, now: number) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: accountId,
  time: `${new Date(now).toISOString().slice(0, 19)}Z`,
  region,
  resources: [`arn:aws:events:${region}:${accountId}:rule/${rule}`],
  detail: {},
});
