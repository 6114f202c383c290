import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * The variables by which the command and the examples find the deployment, and what else is to be known of it. Names of
 * outputs are letters and digits alone: the underscores are lost in the template, and stand in the description.
 */
export const outputs = (scope: Construct, values: Readonly<Record<string, string | undefined>>): void => {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) new CfnOutput(scope, name, { description: name, value });
  }
};
