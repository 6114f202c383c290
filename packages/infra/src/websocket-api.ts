import { CfnRoute, WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import { routes } from './routes.js';

export interface AidealsWebSocketApiProps {
  readonly stage: string;
}

/**
 * The WebSocket API, its routes and its stage. No route has an integration yet, and the stage no deployment: until the
 * functions are there it takes no connection, rather than take them all without a token.
 */
export class AidealsWebSocketApi extends Construct {
  readonly api: WebSocketApi;
  readonly stage: WebSocketStage;

  constructor(scope: Construct, id: string, { stage }: AidealsWebSocketApiProps) {
    super(scope, id);
    this.api = new WebSocketApi(this, 'Api', {
      apiName: 'aideals-websocket-api',
      description: 'WebSocket API for AI Agentic Deals System',
      routeSelectionExpression: '$request.body.action',
    });
    for (const { routeKey, functionName } of routes) {
      new CfnRoute(this, `Route ${routeKey}`, { apiId: this.api.apiId, routeKey, operationName: functionName });
    }
    this.stage = new WebSocketStage(this, 'Stage', { webSocketApi: this.api, stageName: stage });
  }
}
