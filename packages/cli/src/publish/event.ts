import { calls, fieldErrors, type JsonObject, reservedTypes } from '@aideals/protocol';

/** What `POST /v1/broadcast` takes for one event, as JSON text. */
export type Parsed = { readonly json: string } | { readonly problem: string };

export interface ReadingOptions {
  /** Each line is the data itself. */
  readonly bare: boolean;
  /** For lines that name none. */
  readonly topic: string | undefined;
}

const contract = calls.broadcast.body;
const fields = Object.keys(contract.shape);

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads one line; a problem names the field and what to do about it. */
export const parseEvent = (text: string, options: ReadingOptions): Parsed => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!isObject(value)) return { problem: 'must be a JSON object' };
  const event: JsonObject = options.bare ? { data: value } : value;
  if (options.topic !== undefined && !Object.hasOwn(event, 'topic')) event['topic'] = options.topic;
  const result = contract.safeParse(event);
  if (!result.success) {
    const problem = fieldErrors(result.error, event, [], fields)
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
      .join('; ');
    const hint = Object.hasOwn(event, 'data') ? '' : ' (lines that are the data itself need --data)';
    return { problem: `${problem}${hint}` };
  }
  if (reservedTypes.has(result.data.messageType)) {
    return { problem: `messageType: ${result.data.messageType} is one of the server's own types` };
  }
  return { json: JSON.stringify(event) };
};
