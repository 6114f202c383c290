import { nearest } from '@aideals/protocol';
import { type Settings, settingsSchema } from './settings.js';

/** What is ours has a plain name; what the CDK has for itself holds `:`, `/` or `@`. */
const isOurs = (name: string): boolean => /^\w+$/u.test(name);

/** Settings that do not stand alone. Each is a name and a phrase, or undefined where nothing is wrong. */
const contradiction = (settings: Settings): readonly [string, string] | undefined => {
  const { capacityMin, capacityMax, jwtAlgorithms, jwtPublicKey, jwksUrl, cloudFront } = settings;
  if (capacityMin > capacityMax) return ['capacityMin', `is over capacityMax, ${capacityMax}`];
  const keyed = jwtAlgorithms.find((name) => !name.startsWith('HS'));
  if (keyed !== undefined && jwtPublicKey === undefined && jwksUrl === undefined) {
    return ['jwtAlgorithms', `names ${keyed}, which needs jwtPublicKey or jwksUrl`];
  }
  const domain = (['webSocketDomain', 'httpDomain'] as const).find((name) => settings[name] !== undefined);
  if (domain !== undefined && settings.certificateArn === undefined) {
    return [domain, 'needs certificateArn, a certificate of ACM in the region of the deployment'];
  }
  if (settings.bridgeImage !== undefined && !settings.redis) return ['bridgeImage', 'needs redis=true'];
  if (settings.bridgeImage !== undefined && !settings.apiKey)
    return ['bridgeImage', 'needs apiKey=true, to publish with'];
  if (settings.webAclArn !== undefined && !cloudFront) return ['webAclArn', 'needs cloudFront=true'];
  if (cloudFront && settings.webSocketDomain !== undefined) {
    return ['cloudFront', 'cannot stand in front of webSocketDomain: who calls that domain would pass it by'];
  }
  const list = (['ipAllow', 'ipDeny'] as const).find((name) => settings[name].length > 0);
  if (cloudFront && list !== undefined) {
    return [
      list,
      'sees only the addresses of CloudFront where cloudFront=true; put the list into its web ACL (webAclArn)',
    ];
  }
  return undefined;
};

/**
 * Reads the settings from context values. Throws an Error with one line that names the value that is wrong, and says what it
 * must be.
 */
export const readSettings = (context: Readonly<Record<string, unknown>>): Settings => {
  const given = Object.fromEntries(Object.entries(context).filter(([name]) => isOurs(name)));
  const known = Object.keys(settingsSchema.shape);
  const strange = Object.keys(given).find((name) => !known.includes(name));
  if (strange !== undefined) {
    const meant = nearest(strange, known);
    throw new Error(`context ${strange}: is unknown${meant === undefined ? '' : `; did you mean ${meant}?`}`);
  }
  const read = settingsSchema.safeParse(given);
  if (!read.success) {
    const { path, message } = read.error.issues[0] ?? { path: [], message: 'is wrong' };
    const name = String(path[0]);
    throw new Error(`context ${name}: ${message}; it is ${JSON.stringify(given[name])}`);
  }
  const wrong = contradiction(read.data);
  if (wrong !== undefined) throw new Error(`context ${wrong[0]}: ${wrong[1]}`);
  return read.data;
};
