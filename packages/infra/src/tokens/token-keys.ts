import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import type { Settings } from '../settings/settings.js';

export interface TokenKeysProps
  extends Pick<
    Settings,
    | 'namePrefix'
    | 'jwtAlgorithms'
    | 'jwtSecretVersion'
    | 'jwtPreviousSecretVersion'
    | 'jwtPublicKey'
    | 'jwksUrl'
    | 'jwtIssuer'
    | 'jwtAudience'
    | 'apiKey'
  > {
  readonly encryptionKey: IKey;
}

/** Letters and digits alone: an API key stands between colons. */
const LENGTH = 64;

/**
 * What tokens and API keys are checked with. Two secrets are valid at once, so that one is changed with nobody turned away:
 * `docs/aws.md` has the steps. They are made at random at the first deployment, and stand in no template.
 */
export class TokenKeys extends Construct {
  /** Variables of every function: each has its own door, and checks for itself. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables of who takes HTTP calls. */
  readonly callers: Readonly<Record<string, string>>;
  /** With which one may publish, where there is one. */
  readonly apiKey: ISecret | undefined;

  constructor(scope: Construct, id: string, props: TokenKeysProps) {
    super(scope, id);
    const { jwtAlgorithms, jwtSecretVersion, jwtPreviousSecretVersion, namePrefix, encryptionKey } = props;

    const secret = (name: string, description: string): Secret => {
      const made = new Secret(this, name, {
        secretName: `${namePrefix}aideals/${name}`,
        description,
        encryptionKey,
        generateSecretString: { passwordLength: LENGTH, excludePunctuation: true },
        removalPolicy: RemovalPolicy.DESTROY,
      });
      acknowledge(
        made,
        'SMG4',
        'Who signs tokens, or calls with the key, has to be given the new value between two deployments: a schedule that changed it alone would turn everyone away. Two values are valid at once, and docs/aws.md has the steps.',
      );
      return made;
    };
    /** Resolved by CloudFormation: the template holds the name, never the value. A version that is named makes a change be seen. */
    const keyOf = (of: Secret, versionId?: string): string =>
      of.cfnDynamicReferenceKey(versionId === undefined ? {} : { versionId });
    const reference = (key: string): string => `{{resolve:secretsmanager:${key}}}`;

    const environment: Record<string, string> = { JWT_ALGORITHM: jwtAlgorithms.join(',') };
    if (jwtAlgorithms.some((name) => name.startsWith('HS'))) {
      const present = secret('jwt-secret', 'What tokens are signed and verified with');
      const previous = secret(
        'jwt-previous-secret',
        'The other secret that tokens are verified with, while one is changed',
      );
      environment['JWT_SECRET'] = reference(keyOf(present, jwtSecretVersion));
      environment['AIDEALS_JWT_SECRET_PREVIOUS'] = reference(keyOf(previous, jwtPreviousSecretVersion));
    }
    const given = {
      AIDEALS_JWT_PUBLIC_KEY: props.jwtPublicKey,
      AIDEALS_JWKS_URL: props.jwksUrl,
      AIDEALS_JWT_ISSUER: props.jwtIssuer,
      AIDEALS_JWT_AUDIENCE: props.jwtAudience,
    };
    for (const [name, value] of Object.entries(given)) if (value !== undefined) environment[name] = value;
    this.environment = environment;

    const key = props.apiKey ? secret('api-key', 'The API key of the backend, which may publish') : undefined;
    this.apiKey = key as ISecret | undefined;
    this.callers = key === undefined ? {} : { AIDEALS_API_KEYS: `backend:${reference(keyOf(key))}:publish` };
  }
}
