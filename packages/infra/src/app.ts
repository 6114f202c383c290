import { App } from 'aws-cdk-lib';
import { AidealsStack } from './stack.js';

const app = new App();
new AidealsStack(app, 'Aideals', { stage: process.env['STAGE'] ?? 'prod' });
app.synth();
