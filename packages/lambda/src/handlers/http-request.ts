import { isUtf8 } from 'node:buffer';
import { WireError } from '@aideals/protocol';

/** What an HTTP API invokes with (payload format 2.0), as far as it is read. Header names are in lower case. */
export interface HttpEvent {
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly requestContext: {
    readonly stage?: string;
    readonly http: { readonly method: string; readonly sourceIp: string };
  };
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** The path without the stage, which stands before it where the API has a stage of a name. */
export const pathOf = ({ rawPath, requestContext: { stage } }: HttpEvent): string => {
  const prefix = `/${stage}`;
  if (stage === undefined || stage === '$default' || !`${rawPath}/`.startsWith(`${prefix}/`)) return rawPath;
  return rawPath.slice(prefix.length) || '/';
};

/** A parameter that is given once is a text, else it is a list. */
export const queryOf = ({ rawQueryString = '' }: HttpEvent): Record<string, string | string[]> => {
  const search = new URLSearchParams(rawQueryString);
  return Object.fromEntries(
    [...new Set(search.keys())].map((name) => {
      const values = search.getAll(name);
      return [name, values.length === 1 ? (values[0] as string) : values];
    }),
  );
};

const bytesOf = ({ body = '', isBase64Encoded }: HttpEvent): Buffer =>
  Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');

/** The text of a JSON body; undefined where there is none. Throws a WireError where it is not one that is taken. */
export const jsonTextOf = (event: HttpEvent, bodyBytes: number): string | undefined => {
  const bytes = bytesOf(event);
  if (bytes.byteLength === 0) return undefined;
  const type = (event.headers?.['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw WireError.field('Content-Type', 'must be application/json', 415);
  const encoding = event.headers?.['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw WireError.field('Content-Encoding', 'must be left out; bodies are not compressed', 415);
  }
  if (bytes.byteLength > bodyBytes) {
    throw new WireError('VALIDATION_ERROR', `the body is over ${bodyBytes} bytes`, undefined, 413);
  }
  if (!isUtf8(bytes)) throw WireError.field('', 'the body is not UTF-8');
  return bytes.toString();
};
