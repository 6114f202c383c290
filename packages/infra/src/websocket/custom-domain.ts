import {
  ApiMapping,
  DomainName,
  EndpointType,
  type IApi,
  type IStage,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { Construct } from 'constructs';

export interface CustomDomainProps {
  readonly domain: string;
  readonly certificateArn: string;
  readonly api: IApi;
  readonly stage: IStage;
}

/**
 * A name of one's own before a stage. The name that API Gateway gave stays: the functions reach connections by it, and so do
 * clients that have it. Its record in DNS is the operator's: an output tells what it has to point to.
 */
export const customDomain = (
  scope: Construct,
  { domain, certificateArn, api, stage }: CustomDomainProps,
): DomainName => {
  const name = new DomainName(scope, 'Domain', {
    domainName: domain,
    certificate: Certificate.fromCertificateArn(scope, 'Certificate', certificateArn),
    endpointType: EndpointType.REGIONAL,
    securityPolicy: SecurityPolicy.TLS_1_2,
  });
  new ApiMapping(scope, 'Mapping', { api, stage, domainName: name });
  return name;
};
