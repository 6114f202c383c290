/** The contracts' examples as frames that a reader can copy: the placeholders of the tests get plausible values. */
import type { ActionContract, ActionExample, Json, JsonObject } from '@aideals/protocol';

const USER = 'alice';
const ID = '019aba50-6f6f-7000-8000-3ad2f2f5a1cc';

/** When all that the documents show happens. */
export const TIMESTAMP = 1764039600;

const filled = (value: Json): Json => {
  if (typeof value === 'string') return value.replaceAll('$self', USER).replace(/\$[A-Za-z]+/gu, ID);
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, filled(of)]));
  }
  return value;
};

export interface Exchange {
  readonly title: string;
  readonly sent: JsonObject;
  readonly received: JsonObject;
}

const exchange = (action: string, example: ActionExample, index: number): Exchange => {
  const requestId = `${action}-${index + 1}`;
  const data = example.data === undefined ? {} : { data: filled(example.data) };
  return {
    title: example.title,
    sent: { action, ...data, requestId },
    received: { type: example.reply.type, data: filled(example.reply.data), requestId, timestamp: TIMESTAMP },
  };
};

export const exchanges = (contract: ActionContract): Exchange[] =>
  contract.examples.map((example, index) => exchange(contract.action, example, index));
