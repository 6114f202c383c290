import { Stack } from 'aws-cdk-lib';
import { CfnIntegration, CfnRoute, CfnRouteResponse, type WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';
import type { SocketFunctionName } from '../functions/names.js';
import { answers, routes } from './routes.js';

export interface RouteResourcesProps {
  readonly api: WebSocketApi;
  readonly stage: string;
  readonly functions: Readonly<Record<SocketFunctionName, { readonly lambda: IFunction }>>;
  /** Whether `$connect` is only for who brings the key of the API: CloudFront. */
  readonly keyRequired: boolean;
}

/** API Gateway waits no longer for a function. */
const LONGEST_MS = 29_000;

/** An integration for each function, a route for each action, and the leave of API Gateway to invoke for just that route. */
export class RouteResources extends Construct {
  /** All that has to stand before the stage serves it, by its logical id. */
  readonly parts: ReadonlyMap<string, IConstruct>;
  /** What the stage serves, in words: when it changes there has to be a new deployment. */
  readonly signature: string;

  constructor(scope: Construct, id: string, { api, stage, functions, keyRequired }: RouteResourcesProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const parts = new Map<string, IConstruct>();
    const integrations = new Map<SocketFunctionName, CfnIntegration>();
    const integrationOf = (name: SocketFunctionName): CfnIntegration => {
      const made =
        integrations.get(name) ??
        new CfnIntegration(this, name, {
          apiId: api.apiId,
          integrationType: 'AWS_PROXY',
          timeoutInMillis: LONGEST_MS,
          integrationUri: stack.formatArn({
            service: 'apigateway',
            account: 'lambda',
            resource: 'path/2015-03-31/functions',
            resourceName: `${functions[name].lambda.functionArn}/invocations`,
          }),
        });
      integrations.set(name, made);
      parts.set(name, made);
      return made;
    };

    for (const { routeKey, functionName } of routes) {
      const isKeyed = routeKey === '$connect' && keyRequired;
      const route = new CfnRoute(this, `Route ${routeKey}`, {
        apiId: api.apiId,
        routeKey,
        operationName: functionName,
        target: `integrations/${integrationOf(functionName).ref}`,
        authorizationType: 'NONE',
        apiKeyRequired: isKeyed,
        ...(answers(routeKey) ? { routeResponseSelectionExpression: '$default' } : {}),
      });
      parts.set(routeKey, route);
      acknowledge(
        route,
        'APIG4',
        '$connect checks the token itself: an authorizer sees no subprotocol, in which browsers send theirs, and cannot tell an expired token from a bad one. All other routes are only for connections that $connect let in, and each exchange checks how long their token holds.',
      );
      if (answers(routeKey)) {
        const response = new CfnRouteResponse(this, `Response ${routeKey}`, {
          apiId: api.apiId,
          routeId: route.ref,
          routeResponseKey: '$default',
        });
        parts.set(`${routeKey} response`, response);
      }
      functions[functionName].lambda.addPermission(`Route ${routeKey}`, {
        principal: new ServicePrincipal('apigateway.amazonaws.com'),
        sourceArn: stack.formatArn({
          service: 'execute-api',
          resource: api.apiId,
          resourceName: `${stage}/${routeKey}`,
        }),
      });
    }
    this.parts = parts;
    this.signature = JSON.stringify(
      routes.map(({ routeKey, functionName }) => [routeKey, functionName, answers(routeKey), keyRequired]),
    );
  }
}
