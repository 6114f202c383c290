import { expect, it } from 'vitest';
import { nodeSettings } from './settings.js';

it('passes on what says nothing of where things are', () => {
  const settings = nodeSettings({
    JWT_SECRET: 'given',
    AIDEALS_MAX_CONNECTIONS: '10',
    STAGE: 'dev',
    EMPTY: '',
    PORT: '1',
    REDIS_HOST: 'elsewhere',
    REDIS_SSL: '1',
    AIDEALS_REDIS_URL: 'redis://elsewhere',
    AWS_REGION: 'eu-central-1',
    CONNECTIONS_TABLE: 'Real',
    AIDEALS_TABLE: 'Real',
    AIDEALS_DATA_DIR: '/var/lib/aideals',
  });
  expect(settings).toEqual({
    JWT_SECRET: 'given',
    AIDEALS_MAX_CONNECTIONS: '10',
    STAGE: 'dev',
    AIDEALS_LOG_LEVEL: 'warn',
    AIDEALS_TOKEN_ISSUE: '1',
    AIDEALS_DRAIN_SECONDS: '2',
  });
});

it('makes one secret for all nodes where none is given', () => {
  expect(nodeSettings({})['JWT_SECRET']).toMatch(/^[\w-]{43}$/u);
});
