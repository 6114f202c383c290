import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { functionNames } from '../functions/names.js';
import { readSettings } from '../settings/read-settings.js';
import { AidealsStack } from '../stack.js';

/** A bundle for each function that does nothing: what a template says does not depend on what functions do. */
const makeBundles = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'aideals-bundles-'));
  for (const name of functionNames) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'index.mjs'), `export const handler = () => '${name}';\n`);
  }
  return directory;
};

let bundles: string | undefined;

/** A stack as the app makes it, from context values. */
export const stackOf = (context: Readonly<Record<string, unknown>> = {}): { app: App; stack: AidealsStack } => {
  bundles ??= makeBundles();
  const app = new App({ analyticsReporting: false, context: { 'aws:cdk:disable-asset-staging': true } });
  const settings = readSettings(context);
  return { app, stack: new AidealsStack(app, `${settings.namePrefix}Aideals`, { settings, bundles }) };
};

export const templateOf = (context: Readonly<Record<string, unknown>> = {}): Template =>
  Template.fromStack(stackOf(context).stack);

interface PluginReport {
  readonly pluginName: string;
  readonly conclusion: string;
  readonly violations: readonly unknown[];
}

/** The template, and what the rules say of it: as the app itself is made, checks and all. */
export const checkedOf = (
  context: Readonly<Record<string, unknown>>,
): { readonly template: object; readonly reports: readonly PluginReport[] } => {
  const { app, stack } = stackOf(context);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const before = process.exitCode;
  const { directory, stacks } = app.synth();
  // What the rules find makes the process fail; here it makes a test fail.
  process.exitCode = before;
  const { pluginReports } = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
  return { template: stacks.find(({ id }) => id === stack.node.id)?.template, reports: pluginReports };
};

interface Resource {
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
}

export const resourcesOf = (template: Template, type: string): readonly Resource[] =>
  Object.values(template.findResources(type)) as unknown as readonly Resource[];

/** The one resource of a type whose property has a value. */
export const resourceOf = (template: Template, type: string, property: string, value: unknown): Resource => {
  const found = resourcesOf(template, type).filter(({ Properties }) => Properties[property] === value);
  if (found.length !== 1) throw new Error(`${found.length} of ${type} have ${property} ${String(value)}`);
  return found[0] as Resource;
};
