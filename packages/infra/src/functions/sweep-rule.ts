import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/** Starts the sweep each minute. One that is missed is not repeated: the next reads its minutes again. */
export const sweepRule = (scope: Construct, namePrefix: string, sweep: IFunction): Rule =>
  new Rule(scope, 'SweepEachMinute', {
    ruleName: `${namePrefix}aideals-sweep`,
    description: 'Tokens that end, connections that were never heard to leave, what is beyond retention',
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [new LambdaFunction(sweep, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
  });
