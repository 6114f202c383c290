/** US dollars in us-east-1, by list, without the free tier. They change, and differ by region: look before you decide. */
export const PRICES = {
  /** A message of up to 32 KiB, either way. */
  socketMessage: 1.0e-6,
  connectionMinute: 0.25e-6,
  httpCall: 1.0e-6,
  lambdaInvocation: 0.2e-6,
  /** arm64. */
  lambdaGbSecond: 0.000_013_333_4,
  /** On demand: one item of up to 1 KiB. */
  dynamoWrite: 0.625e-6,
  /** On demand: one strong read of up to 4 KiB. */
  dynamoRead: 0.125e-6,
  /** Storage with point-in-time recovery, a month. */
  dynamoGb: 0.25 + 0.2,
  logGb: 0.5,
  trace: 5.0e-6,
  outGb: 0.09,
} as const;

/** What a part costs a month by being there. */
export const MONTHLY = {
  base: { 'alarms (16)': 1.6, 'metrics (6)': 1.8, 'key (KMS)': 1.0, 'secrets (2)': 0.8, dashboard: 3.0 },
  /** Two nodes cache.t4g.small, and a NAT gateway in each of two zones; traffic through these is 0.045 a GB more. */
  redis: { 'Valkey (2 nodes)': 37.4, 'NAT gateways (2)': 65.7, 'its password': 0.4 },
  /** A quarter of a processor with half a GB. */
  bridge: { 'Fargate task': 7.2, 'container insights': 2.0 },
  cloudFront: { 'key of the API': 0.4 },
} as const;

export type Part = keyof typeof MONTHLY;
