import type { Row } from '@aideals/core';

/** A row as it is kept: its body as JSON text. `expiresAt` is in Unix seconds. */
export interface StoredRow {
  readonly version: number;
  readonly expiresAt: number | undefined;
  readonly text: string;
}

/** A line of numbers, then the JSON, so that expiry can be seen without parsing the body. */
export const encodeRow = ({ version, expiresAt, text }: StoredRow): string => `${version} ${expiresAt ?? ''}\n${text}`;

export const decodeRow = (value: string): StoredRow => {
  const space = value.indexOf(' ');
  const line = value.indexOf('\n');
  const expiry = value.slice(space + 1, line);
  return {
    version: Number(value.slice(0, space)),
    expiresAt: expiry === '' ? undefined : Number(expiry),
    text: value.slice(line + 1),
  };
};

export const shownRow = (sk: string, { version, expiresAt, text }: StoredRow): Row => ({
  sk,
  body: JSON.parse(text) as Row['body'],
  version,
  ...(expiresAt === undefined ? {} : { expiresAt }),
});
