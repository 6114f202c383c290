import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { BUNDLES } from './functions/bundles.js';
import { readSettings } from './settings/read-settings.js';
import { AidealsStack } from './stack.js';

try {
  const app = new App({ autoSynth: false });
  // The stage alone has a variable too: the guides name it.
  const { STAGE: stage } = process.env;
  const settings = readSettings({ ...(stage ? { stage } : {}), ...app.node.getAllContext() });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  new AidealsStack(app, `${settings.namePrefix}Aideals`, { settings, bundles: BUNDLES });
  app.synth();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
