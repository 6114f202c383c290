import { type Config, type Setting, settingList } from './settings.js';

const MASK = '****';

const plain = (setting: Setting<unknown>, value: unknown): string => {
  if (value === undefined) return '';
  const text = setting.type.show(value);
  // Lists of keys mask themselves: their names may be seen.
  return setting.secret && typeof value === 'string' ? MASK : text;
};

const defaultOf = (setting: Setting<unknown>): string => plain(setting, setting.default);

const byGroup = (): Map<string, Setting<unknown>[]> => {
  const groups = new Map<string, Setting<unknown>[]>();
  for (const [, setting] of settingList) {
    const group = groups.get(setting.group) ?? [];
    groups.set(setting.group, [...group, setting]);
  }
  return groups;
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);

/** Every setting as Markdown, a table for each group. */
export const configurationTable = (): string =>
  [...byGroup()]
    .map(([group, settings]) =>
      [
        `## ${group}`,
        '',
        '| variable | value | default | what it does | example |',
        '|---|---|---|---|---|',
        ...settings.map(
          (setting) =>
            `| \`${setting.env}\` | ${cell(setting.type.label)}${setting.secret ? ' (secret)' : ''} | ${code(defaultOf(setting))} | ${cell(setting.about)} | ${code(setting.example)} |`,
        ),
        '',
      ].join('\n'),
    )
    .join('\n');

const wrap = (text: string, width: number, indent: string): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.replaceAll('`', '').split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${indent}${each}`).join('\n');
};

/** Every setting as plain text, for `--help`. */
export const configurationHelp = (): string =>
  [...byGroup()]
    .map(([group, settings]) => {
      const entries = settings.map((setting) => {
        const value = defaultOf(setting);
        const head = `  ${setting.env}  <${setting.type.label}>${value === '' ? '' : `  [${value}]`}`;
        return `${head}\n${wrap(setting.about, 84, '      ')}`;
      });
      return `${group}:\n${entries.join('\n')}`;
    })
    .join('\n\n');

/** What a server would run with, one `NAME=value` a line, secrets masked; what is the default says so. */
export const describeConfig = (config: Config, env: Readonly<Record<string, string | undefined>>): string =>
  settingList
    .map(([name, setting]) => {
      const isSet = env[setting.env] !== undefined && env[setting.env]?.trim() !== '';
      const value = plain(setting, config[name]);
      return `${setting.env}=${value}${isSet ? '' : value === '' ? '  # not set' : '  # default'}`;
    })
    .join('\n');
