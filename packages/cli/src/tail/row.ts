import type { JsonObject } from '@aideals/protocol';
import type picocolors from 'picocolors';
import { fit, harmless } from '../terminal-text.js';

/** An event of the log, as a frame. */
export interface EventFrame {
  readonly type: string;
  readonly topic: string;
  readonly id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly data: JsonObject;
}

type Colors = ReturnType<typeof picocolors.createColors>;

const GAP = '  ';
const TOPIC = 14;
const ID = 16;
const TYPE = 11;
const PRICE = 12;
const DISCOUNT = 5;
const MIN_TITLE = 12;

const clock = (seconds: number): string => {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? '--:--:--' : date.toTimeString().slice(0, 8);
};

const plain = (value: unknown): string | undefined => {
  if (typeof value === 'string' && value !== '') return harmless(value);
  return typeof value === 'number' ? String(value) : undefined;
};

const titleOf = (data: JsonObject): string =>
  plain(data['title']) ??
  plain(data['name']) ??
  plain(data['dealId']) ??
  plain(data['productId']) ??
  harmless(JSON.stringify(data));

const priceOf = (data: JsonObject): string => {
  const price = data['price'];
  if (typeof price !== 'number') return '';
  const currency = plain(data['currency']);
  return `${price.toFixed(2)}${currency === undefined ? '' : ` ${currency}`}`;
};

const discountOf = (data: JsonObject): string => {
  const discount = data['discount'] ?? data['discountPercentage'];
  return typeof discount === 'number' && discount > 0 ? `-${Math.round(discount)}%` : '';
};

const paintType = (type: string, colors: Colors): Colors['green'] =>
  type === 'dealUpdate' ? colors.green : type === 'priceUpdate' ? colors.yellow : colors.magenta;

/** One event as a line of a terminal that is `columns` wide. The title, whose length no one knows, comes last. */
export const eventRow = (frame: EventFrame, columns: number, colors: Colors): string => {
  const fixed = [
    colors.dim(clock(frame.timestamp)),
    colors.cyan(fit(harmless(frame.topic), TOPIC, 'end')),
    colors.dim(fit(harmless(frame.id), ID, 'end')),
    paintType(frame.type, colors)(fit(harmless(frame.type), TYPE, 'end')),
    colors.bold(fit(priceOf(frame.data), PRICE, 'start')),
    colors.red(fit(discountOf(frame.data), DISCOUNT, 'start')),
  ];
  const width = 8 + TOPIC + ID + TYPE + PRICE + DISCOUNT + GAP.length * fixed.length;
  return [...fixed, fit(titleOf(frame.data), Math.max(MIN_TITLE, columns - width), 'none')].join(GAP);
};
