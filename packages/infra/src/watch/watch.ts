import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Tables } from '../data/tables.js';
import type { ServiceFunctions } from '../functions/service-functions.js';
import type { Settings } from '../settings/settings.js';
import { alarmTopic } from './alarm-topic.js';
import { alarmsOf } from './alarms.js';
import { dashboard } from './dashboard.js';

export interface WatchProps {
  readonly settings: Settings;
  readonly functions: ServiceFunctions;
  readonly tables: Tables;
  readonly encryptionKey: IKey;
}

/** Alarms, who is told of them, and a page to look at. */
export class Watch extends Construct {
  constructor(scope: Construct, id: string, { settings, functions, tables, encryptionKey }: WatchProps) {
    super(scope, id);
    const { namePrefix, stage, alarmEmail: email } = settings;
    const { byName, failedBroadcasts } = functions;
    const told = new SnsAction(alarmTopic(this, { namePrefix, encryptionKey, email }));
    const alarms = alarmsOf({ settings, functions: byName, failedBroadcasts }).map((facts) => {
      const alarm = new Alarm(this, facts.name, {
        alarmName: `${namePrefix}${facts.name}`,
        alarmDescription: facts.description,
        metric: facts.metric,
        threshold: facts.threshold,
        comparisonOperator: facts.operator ?? ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: facts.periods,
        datapointsToAlarm: facts.of ?? facts.periods,
        treatMissingData: facts.missing ?? TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(told);
      alarm.addOkAction(told);
      return alarm;
    });
    const lambdas = Object.values(byName).map(({ lambda }) => lambda);
    dashboard(this, { name: `${namePrefix}aideals-${stage}`, stage, alarms, functions: lambdas, tables });
  }
}
