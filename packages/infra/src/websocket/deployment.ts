import { createHash } from 'node:crypto';
import { CfnDeployment, type WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Construct } from 'constructs';
import type { RouteResources } from './route-resources.js';

/**
 * A deployment takes all routes as they are when the last of them is made, so that the stage never serves half of a change.
 * One is made where routes have changed, under another name: connections stay, since the stage does.
 */
export const deploymentOf = (scope: Construct, api: WebSocketApi, routes: RouteResources): CfnDeployment => {
  const hash = createHash('sha256').update(routes.signature).digest('hex').slice(0, 12);
  const deployment = new CfnDeployment(scope, `Deployment ${hash}`, {
    apiId: api.apiId,
    description: `Routes ${hash}`,
  });
  for (const part of routes.parts.values()) deployment.node.addDependency(part);
  return deployment;
};
