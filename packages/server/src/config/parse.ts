import { nearest } from '@aideals/protocol';
import { z } from 'zod';
import { findingsOf } from './rules.js';
import { type Config, settingList } from './settings.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Each problem is one line that names the variable and the fix. */
export type Parsed =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

const shape = Object.fromEntries(settingList.map(([, { env, type }]) => [env, type.schema.optional()]));

/** The one schema: every variable that the server reads. */
const environmentSchema = z.object(shape);

const known = settingList.map(([, { env }]) => env);

/** An empty variable counts as one that is not set. */
const given = (env: Environment, name: string): string | undefined =>
  env[name] === undefined || env[name].trim() === '' ? undefined : env[name];

const unknownNames = (env: Environment): string[] => {
  const ours = known.filter((name) => name.startsWith('AIDEALS_'));
  const strange = Object.keys(env).filter((name) => name.startsWith('AIDEALS_') && !known.includes(name));
  return strange.map((name) => {
    const near = nearest(
      name.slice('AIDEALS_'.length),
      ours.map((each) => each.slice('AIDEALS_'.length)),
    );
    return `${name}: there is no such setting${near === undefined ? '' : `; did you mean AIDEALS_${near}?`}`;
  });
};

/** Reads the settings from an environment. Names that are not ours are left alone. */
export const parseConfig = (env: Environment): Parsed => {
  const values = Object.fromEntries(known.map((name) => [name, given(env, name)]));
  const parsed = environmentSchema.safeParse(values);
  const problems = unknownNames(env);
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) {
      const setting = settingList.find(([, { env: name }]) => name === path[0])?.[1];
      const value = values[String(path[0])] ?? '';
      const shown = setting?.secret === true || value.length > 60 ? '' : `; it is ${JSON.stringify(value)}`;
      problems.push(`${String(path[0])}: ${message}${shown}`);
    }
    return { ok: false, problems };
  }
  const config = Object.fromEntries(
    settingList.map(([name, { env: variable, default: otherwise }]) => {
      const value = parsed.data[variable];
      // Not `??`: null is a value, and says that there is no limit.
      return [name, value === undefined ? otherwise : value];
    }),
  ) as unknown as Config;
  const findings = findingsOf(config);
  problems.push(...findings.problems);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config, warnings: findings.warnings };
};
