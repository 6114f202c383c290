import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSettings } from './read-settings.js';
import { settingsSchema } from './settings.js';

describe('settings', () => {
  it('have defaults', () => {
    expect(readSettings({})).toMatchObject({ stage: 'prod', namePrefix: '', capacity: 'onDemand', redis: false });
  });

  it('are read as a command line gives them, and as cdk.json does', () => {
    const expected = {
      redis: true,
      capacityMax: 50,
      ipAllow: ['10.0.0.0/8', '2001:db8::/32'],
      concurrency: { broadcast: 5 },
    };
    expect(
      readSettings({
        redis: 'true',
        capacityMax: '50',
        ipAllow: '10.0.0.0/8, 2001:db8::/32',
        concurrency: 'broadcast=5',
      }),
    ).toMatchObject(expected);
    expect(readSettings(expected)).toMatchObject(expected);
  });

  it('leave alone what the CDK has for itself', () => {
    expect(() => readSettings({ 'aws:cdk:enable-path-metadata': true, '@aws-cdk/core:x': true })).not.toThrow();
  });

  it.each([
    [{ stgae: 'dev' }, 'context stgae: is unknown; did you mean stage?'],
    [{ stage: 'a/b' }, 'context stage: must be 1 to 128 letters, digits, - and _; it is "a/b"'],
    [{ stage: '' }, 'context stage: must be 1 to 128'],
    [{ namePrefix: 'dev' }, 'context namePrefix: must be up to 20 of a-z, 0-9 and -, and end with -'],
    [{ capacity: 'some' }, 'context capacity: must be onDemand or autoScaling; it is "some"'],
    [{ capacityMax: 'lots' }, 'context capacityMax: must be a whole number from 1 to 40000; it is "lots"'],
    [{ capacityMin: 500, capacityMax: 100 }, 'context capacityMin: is over capacityMax, 100'],
    [{ redis: 'yes' }, 'context redis: must be true or false; it is "yes"'],
    [{ logRetentionDays: 8 }, 'context logRetentionDays: must be one of 1, 3, 5'],
    [{ concurrency: 'broadcst=5' }, 'context concurrency: broadcst is none of aideals-websocket-connect'],
    [{ concurrency: 'broadcast=0' }, 'context concurrency: broadcast must be a whole number from 1'],
    [{ concurrency: 'broadcast' }, 'context concurrency: broadcast must be a whole number'],
    [{ jwtAlgorithms: 'none' }, 'context jwtAlgorithms: none is no algorithm'],
    [{ jwtAlgorithms: '' }, 'context jwtAlgorithms: must name at least one algorithm'],
    [{ jwtAlgorithms: 'HS256,RS256' }, 'context jwtAlgorithms: names RS256, which needs jwtPublicKey or jwksUrl'],
    [{ jwksUrl: 'http://id.example.com' }, 'context jwksUrl: must be a URL that begins with https://'],
    [{ jwtSecretVersion: 'latest' }, 'context jwtSecretVersion: must be the VersionId'],
    [{ ipAllow: '10.0.0.0/33' }, 'context ipAllow: 10.0.0.0/33 is no address or network'],
    [{ allowedOrigins: 'app.example.com' }, 'context allowedOrigins: app.example.com is no origin'],
    [{ environment: 'x' }, 'context environment: must be a JSON object; it is "x"'],
    [{ environment: { PATH: '/' } }, 'context environment: PATH is none of the AIDEALS_ variables'],
    [
      { environment: { AIDEALS_IP_DENY: '1' } },
      'context environment: AIDEALS_IP_DENY is none of the AIDEALS_ variables',
    ],
    [{ environment: { AIDEALS_TOKEN_GRACE: [] } }, 'context environment: AIDEALS_TOKEN_GRACE must be a text, a number'],
    [{ webSocketDomain: 'ws.example.com' }, 'context webSocketDomain: needs certificateArn'],
    [{ bridgeImage: 'registry.example.com/aideals:1' }, 'context bridgeImage: needs redis=true'],
    [
      { redis: true, bridgeImage: 'registry.example.com/aideals:1' },
      'context bridgeImage: needs apiKey=true, to publish with',
    ],
    [{ bridgeImage: 'aideals' }, 'context bridgeImage: must be an image with its registry and tag or digest'],
    [{ cloudFront: true, ipDeny: '192.0.2.1' }, 'context ipDeny: sees only the addresses of CloudFront'],
    [
      { webAclArn: 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b' },
      'context webAclArn: needs cloudFront=true',
    ],
    [{ alarmEmail: 'me' }, 'context alarmEmail: must be an address'],
    [{ maxConnections: 0 }, 'context maxConnections: must be a whole number from 1 to 10000000; it is 0'],
  ])('%j is told in one line', (context, line) => {
    let said = '';
    try {
      readSettings(context);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toContain(line);
    expect(said).not.toContain('\n');
  });
});

it('each setting is explained in docs/aws.md', () => {
  const page = readFileSync(new URL('../../../../docs/aws.md', import.meta.url), 'utf8');
  expect(Object.keys(settingsSchema.shape).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
