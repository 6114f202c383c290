import { Duration } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnRoute,
  type CorsHttpMethod,
  type DomainName,
  HttpApi,
  type HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { accessLog } from '../access-log.js';
import { acknowledge } from '../acknowledge.js';
import type { Settings } from '../settings/settings.js';
import { customDomain } from '../websocket/custom-domain.js';
import { httpMethods, httpRoutes } from './http-routes.js';

export interface AidealsHttpApiProps {
  readonly settings: Settings;
  readonly lambda: IFunction;
}

const DAY = Duration.days(1);

/** API Gateway takes no `null` for an origin; the function does not either, unless it is told to. */
const corsOf = (origins: readonly string[]) => {
  const allowOrigins = origins.filter((origin) => origin !== 'null');
  if (allowOrigins.length === 0) return {};
  return {
    corsPreflight: {
      allowOrigins,
      allowMethods: httpMethods as readonly string[] as CorsHttpMethod[],
      allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'x-api-key'],
      exposeHeaders: ['retry-after', 'idempotency-replayed'],
      maxAge: DAY,
    },
  };
};

/** The HTTP API: a route for each call, and one for all else, so that a path that is none is answered as the others are. */
export class AidealsHttpApi extends Construct {
  readonly api: HttpApi;
  readonly domain: DomainName | undefined;
  readonly #integration: HttpLambdaIntegration;

  constructor(scope: Construct, id: string, { settings, lambda }: AidealsHttpApiProps) {
    super(scope, id);
    const { namePrefix, allowedOrigins, httpDomain, certificateArn, logRetentionDays } = settings;
    const apiName = `${namePrefix}aideals-http-api`;
    this.api = new HttpApi(this, 'Api', {
      apiName,
      description: 'HTTP API for AI Agentic Deals System',
      createDefaultStage: false,
      ...corsOf(allowedOrigins),
    });
    this.#integration = new HttpLambdaIntegration('Function', lambda);
    for (const { method, path } of httpRoutes) this.#route(HttpRouteKey.with(path, method as HttpMethod));
    this.#route(HttpRouteKey.DEFAULT);
    const log = accessLog(this, 'http', { apiName, retention: logRetentionDays });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(log.group),
        format: AccessLogFormat.custom(log.format),
      },
    });
    this.domain =
      httpDomain === undefined || certificateArn === undefined
        ? undefined
        : customDomain(this, { domain: httpDomain, certificateArn, api: this.api, stage });
  }

  #route(routeKey: HttpRouteKey): void {
    const route = new HttpRoute(this, routeKey.key, {
      httpApi: this.api,
      routeKey,
      integration: this.#integration,
      authorizer: new HttpNoneAuthorizer(),
    });
    acknowledge(
      route.node.defaultChild as CfnRoute,
      'APIG4',
      'The function checks each call: it takes a token or an API key, by the scope that the contract names, which no authorizer of an HTTP API does; health and the documents are for all.',
    );
  }
}
