import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  type DomainName,
  LogGroupLogDestination,
  type WebSocketApi,
  WebSocketStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { accessLog } from '../access-log.js';
import type { SocketFunctionName } from '../functions/names.js';
import type { Settings } from '../settings/settings.js';
import { customDomain } from './custom-domain.js';
import { deploymentOf } from './deployment.js';
import { loggingRole } from './logging-role.js';
import { RouteResources } from './route-resources.js';

export interface ServedStageProps {
  readonly api: WebSocketApi;
  readonly apiName: string;
  readonly settings: Settings;
  readonly functions: Readonly<Record<SocketFunctionName, { readonly lambda: IFunction }>>;
}

/** The routes to the functions, and the stage that serves them, with its log and, where there is one, a domain. */
export class ServedStage extends Construct {
  readonly stage: WebSocketStage;
  readonly domain: DomainName | undefined;

  constructor(scope: Construct, id: string, { api, apiName, settings, functions }: ServedStageProps) {
    super(scope, id);
    const { stage: stageName, webSocketDomain, certificateArn, cloudFront } = settings;
    const routes = new RouteResources(this, 'Routes', { api, stage: stageName, functions, keyRequired: cloudFront });
    const log = accessLog(this, 'webSocket', { apiName, retention: settings.logRetentionDays });
    this.stage = new WebSocketStage(this, 'Stage', {
      webSocketApi: api,
      stageName,
      accessLogSettings: {
        destination: new LogGroupLogDestination(log.group),
        format: AccessLogFormat.custom(log.format),
      },
    });
    const stage = this.stage.node.defaultChild as CfnStage;
    stage.deploymentId = deploymentOf(this, api, routes).ref;
    // What API Gateway itself writes of an execution may hold the query, and the data of a trace all messages.
    stage.defaultRouteSettings = { dataTraceEnabled: false, loggingLevel: 'OFF', detailedMetricsEnabled: false };
    if (settings.apiGatewayLoggingRole) stage.node.addDependency(loggingRole(this));
    this.domain =
      webSocketDomain === undefined || certificateArn === undefined
        ? undefined
        : customDomain(this, { domain: webSocketDomain, certificateArn, api, stage: this.stage });
  }
}
