import { WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Construct } from 'constructs';

/** The WebSocket API. Its routes come when the functions are there, which have to know its id first. */
export const webSocketApi = (scope: Construct, apiName: string): WebSocketApi =>
  new WebSocketApi(scope, 'WebSocketApi', {
    apiName,
    description: 'WebSocket API for AI Agentic Deals System',
    routeSelectionExpression: '$request.body.action',
  });
