import { describe, expect, test } from 'vitest';
import { localCredentials } from './credentials.js';
import { dynamoSettings } from './settings.js';

describe('the settings of DynamoDB', () => {
  test('have the names of the guides, and defaults for the tables', () => {
    expect(dynamoSettings({ REGION: 'eu-central-1', CONNECTIONS_TABLE_NAME: 'Conns' })).toEqual({
      ok: true,
      settings: {
        region: 'eu-central-1',
        tables: { connections: 'Conns', subscriptions: 'WebSocketSubscriptions', aideals: 'Aideals' },
      },
    });
    expect(dynamoSettings({ AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000' })).toMatchObject({
      ok: true,
      settings: { endpoint: 'http://127.0.0.1:8000', tables: { connections: 'WebSocketConnections' } },
    });
  });

  test('that are wrong are told, each by its name', () => {
    const told = (environment: Record<string, string>): readonly string[] => {
      const read = dynamoSettings(environment);
      return read.ok ? [] : read.problems;
    };
    expect(told({})).toEqual([expect.stringMatching(/^AWS_REGION: /u)]);
    expect(told({ AWS_ENDPOINT_URL_DYNAMODB: 'localhost:8000' })).toEqual([
      expect.stringMatching(/^AWS_ENDPOINT_URL_DYNAMODB: localhost:8000 is no http or https URL/u),
    ]);
    expect(told({ AWS_REGION: 'r', SUBSCRIPTIONS_TABLE: 'a', AIDEALS_TABLE: 'WebSocketConnections' })).toEqual([
      expect.stringMatching(/^SUBSCRIPTIONS_TABLE: a is no table name/u),
      expect.stringMatching(/^AIDEALS_TABLE: WebSocketConnections is the table of CONNECTIONS_TABLE too/u),
    ]);
  });

  test('need no credentials for a local endpoint, and make none up for any other', () => {
    const local = { accessKeyId: 'local', secretAccessKey: 'local' };
    expect(localCredentials({ endpoint: 'http://127.0.0.1:8000' }, {})).toEqual(local);
    expect(localCredentials({ endpoint: 'http://dynamodb:8000' }, {})).toEqual(local);
    expect(localCredentials({}, {})).toBeUndefined();
    expect(localCredentials({ endpoint: 'https://dynamodb.eu-west-1.amazonaws.com' }, {})).toBeUndefined();
    expect(localCredentials({ endpoint: 'http://127.0.0.1:8000' }, { AWS_ACCESS_KEY_ID: 'a' })).toBeUndefined();
  });
});
