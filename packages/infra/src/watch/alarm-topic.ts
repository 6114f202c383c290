import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';

export interface AlarmTopicProps {
  readonly namePrefix: string;
  readonly encryptionKey: IKey;
  readonly email: string | undefined;
}

/** Where alarms are told. */
export const alarmTopic = (scope: Construct, { namePrefix, encryptionKey, email }: AlarmTopicProps): Topic => {
  const topic = new Topic(scope, 'Topic', {
    topicName: `${namePrefix}WebSocketAlerts`,
    displayName: 'Alarms of aideals',
    masterKey: encryptionKey,
    enforceSSL: true,
  });
  // Who publishes to a topic under a key of one's own uses that key.
  encryptionKey.grantEncryptDecrypt(new ServicePrincipal('cloudwatch.amazonaws.com'));
  topic.grantPublish(new ServicePrincipal('cloudwatch.amazonaws.com'));
  if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
  return topic;
};
