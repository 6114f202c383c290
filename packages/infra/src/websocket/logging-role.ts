import { CfnAccount } from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';

/**
 * The role by which API Gateway writes logs. There is one for all APIs of an account in a region, and it stays when the stack
 * is deleted: an account that has one already is deployed to with `apiGatewayLoggingRole=false`.
 */
export const loggingRole = (scope: Construct): CfnAccount => {
  const role = new Role(scope, 'LoggingRole', {
    assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
    description: 'Access logs of API Gateway',
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
  });
  acknowledge(
    role,
    'IAM4',
    'API Gateway refuses a role for its account settings that holds less than this policy.',
    'Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs',
  );
  return new CfnAccount(scope, 'LoggingAccount', { cloudWatchRoleArn: role.roleArn });
};
