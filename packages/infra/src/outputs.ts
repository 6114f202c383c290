import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { OutputName } from './output-names.js';

/** What is to be known of a deployment. The names stand in the descriptions: in the template they lose their underscores. */
export const outputs = (scope: Construct, values: Readonly<Record<OutputName, string | undefined>>): void => {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) new CfnOutput(scope, name, { description: name, value });
  }
};
