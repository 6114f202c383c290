import type { DynamoClient } from './client.js';
import { type Billing, indexOf } from './schema.js';
import type { TableRole } from './settings.js';

/** Percent of the bought capacity that scaling aims at. */
const TARGET_USE = 70;

type Dimension = 'ReadCapacityUnits' | 'WriteCapacityUnits';

const dimensions: readonly Dimension[] = ['ReadCapacityUnits', 'WriteCapacityUnits'];

/**
 * Lets the bought capacity of a table and of its index follow the load. False where this DynamoDB has no such service: that
 * is any endpoint but the region's own.
 */
export const scaleTable = async (client: DynamoClient, role: TableRole, billing: Billing): Promise<boolean> => {
  if (billing.mode === 'on-demand') return true;
  const { region, hasOwnEndpoint } = client;
  if (hasOwnEndpoint) return false;
  // Only who buys capacity needs it, once.
  const { ApplicationAutoScalingClient, PutScalingPolicyCommand, RegisterScalableTargetCommand } = await import(
    '@aws-sdk/client-application-auto-scaling'
  );
  const scaling = new ApplicationAutoScalingClient({ region });
  const table = `table/${client.tables[role]}`;
  const index = indexOf(role);
  const resources = [
    { id: table, kind: 'table' as const },
    ...(index === undefined ? [] : [{ id: `${table}/index/${index}`, kind: 'index' as const }]),
  ];
  try {
    for (const { id, kind } of resources) {
      for (const dimension of dimensions) {
        const target = {
          ServiceNamespace: 'dynamodb',
          ResourceId: id,
          ScalableDimension: `dynamodb:${kind}:${dimension}` as const,
        } as const;
        await scaling.send(
          new RegisterScalableTargetCommand({
            ...target,
            MinCapacity: billing.minUnits,
            MaxCapacity: billing.maxUnits,
          }),
        );
        await scaling.send(
          new PutScalingPolicyCommand({
            ...target,
            PolicyName: `${client.tables[role]}-${dimension}`,
            PolicyType: 'TargetTrackingScaling',
            TargetTrackingScalingPolicyConfiguration: {
              TargetValue: TARGET_USE,
              PredefinedMetricSpecification: {
                PredefinedMetricType:
                  dimension === 'ReadCapacityUnits'
                    ? 'DynamoDBReadCapacityUtilization'
                    : 'DynamoDBWriteCapacityUtilization',
              },
            },
          }),
        );
      }
    }
  } finally {
    scaling.destroy();
  }
  return true;
};
