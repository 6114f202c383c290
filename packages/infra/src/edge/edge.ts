import { Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnApiKey, CfnUsagePlan, CfnUsagePlanKey } from 'aws-cdk-lib/aws-apigateway';
import type { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.js';

export interface EdgeProps {
  readonly namePrefix: string;
  readonly api: WebSocketApi;
  readonly stage: WebSocketStage;
  readonly encryptionKey: IKey;
  readonly webAclArn: string | undefined;
}

/**
 * CloudFront in front of the WebSocket API, where a web ACL can stand, which no WebSocket API takes. `$connect` asks for a key
 * of the API that only CloudFront sends, so that nobody passes by it.
 */
export class Edge extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { namePrefix, api, stage, encryptionKey, webAclArn }: EdgeProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const secret = new Secret(this, 'edge-key', {
      secretName: `${namePrefix}aideals/edge-key`,
      description: 'What CloudFront shows to the WebSocket API',
      encryptionKey,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(
      secret,
      'SMG4',
      'Both sides take it from here at one deployment; a new one is a new version and a deployment.',
    );
    const value = `{{resolve:secretsmanager:${secret.cfnDynamicReferenceKey()}}}`;
    const key = new CfnApiKey(this, 'Key', { name: `${namePrefix}aideals-edge`, enabled: true, value });
    const plan = new CfnUsagePlan(this, 'Plan', {
      usagePlanName: `${namePrefix}aideals-edge`,
      apiStages: [{ apiId: api.apiId, stage: stage.stageName }],
    });
    plan.node.addDependency(stage);
    new CfnUsagePlanKey(this, 'PlanKey', { keyId: key.ref, keyType: 'API_KEY', usagePlanId: plan.ref });

    const distribution = new Distribution(this, 'Distribution', {
      comment: `${namePrefix}aideals`,
      httpVersion: HttpVersion.HTTP1_1,
      priceClass: PriceClass.PRICE_CLASS_ALL,
      defaultBehavior: {
        origin: new HttpOrigin(Fn.join('', [api.apiId, '.execute-api.', stack.region, '.', stack.urlSuffix]), {
          originPath: `/${stage.stageName}`,
          protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
          originSslProtocols: [OriginSslPolicy.TLS_V1_2],
          customHeaders: { 'x-api-key': value },
        }),
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
        cachePolicy: CachePolicy.CACHING_DISABLED,
        // All that belongs to an upgrade, but for the host, by which API Gateway finds the API.
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        compress: false,
      },
      ...(webAclArn === undefined ? {} : { webAclId: webAclArn }),
    });
    acknowledge(distribution, 'CFR1', 'Deals are for users of all countries; a web ACL can say otherwise.');
    acknowledge(distribution, 'CFR2', 'The web ACL is the operator’s own: context webAclArn.');
    acknowledge(distribution, 'CFR3', 'Its log would hold the query, where a client may send its token.');
    acknowledge(
      distribution,
      'CFR4',
      'Without a certificate of its own CloudFront sets the protocols of its name itself.',
    );
    this.url = Fn.join('', ['wss://', distribution.distributionDomainName]);
  }
}
