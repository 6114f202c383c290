import { RemovalPolicy } from 'aws-cdk-lib';
import { Alias, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * One key for secrets, the environments of functions, and alarms. With it who may only look at functions does not see what
 * tokens are signed with.
 */
export const encryptionKey = (scope: Construct, namePrefix: string): Key => {
  const key = new Key(scope, 'Key', {
    description: 'Secrets, environments of functions, and alarms of aideals',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  new Alias(scope, 'KeyAlias', { aliasName: `alias/${namePrefix}aideals`, targetKey: key });
  return key;
};
