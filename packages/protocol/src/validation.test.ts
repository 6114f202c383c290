import { describe, expect, it } from 'vitest';
import { clientFrame } from './envelope.js';
import { actions, calls } from './registry.js';
import { fieldErrors, nearest } from './validation.js';

const told = (schema: { safeParse(value: unknown): unknown; shape?: object }, value: unknown, root: string[] = []) => {
  const parsed = schema.safeParse(value) as { success: boolean; error: Parameters<typeof fieldErrors>[0] };
  if (parsed.success) return [];
  const known = Object.keys(schema.shape ?? {});
  return fieldErrors(parsed.error, value, root, known).map(({ path, message }) => `${path}: ${message}`);
};

describe('a wrong field is named with its path and what to do', () => {
  it.each([
    [[], [': must be a JSON object']],
    [{ action: 1 }, ['action: must be a string that names an action']],
    [{ action: 'a', data: null }, ['data: must be a JSON object']],
    [{ action: 'a', requestId: '' }, ['requestId: must have at least 1 character']],
  ])('in an envelope: %j', (frame, expected) => {
    expect(told(clientFrame, frame)).toEqual(expected);
  });

  it.each([
    [{ topic: 5 }, ['data.topic: must be a string']],
    [{ topic: 'a b' }, ['data.topic: must be 1 to 128 characters: letters, digits and - _ . :']],
    [{ filters: [] }, ['data.filters: must be a JSON object']],
    [{ filters: { minPrice: 'x' } }, ['data.filters.minPrice: must be a finite number: the key is a bound']],
    [
      { lasteventid: 'x', zz: 1 },
      ['data.lasteventid: unknown field; did you mean lastEventId?', 'data.zz: unknown field'],
    ],
  ])('in data: %j', (data, expected) => {
    expect(told(actions.subscribeToDeals.input, data, ['data'])).toEqual(expected);
  });

  it.each([
    [{}, ['title: is required', 'message: is required']],
    [{ userIds: [], title: 'x', message: 'y' }, ['userIds: must have at least 1 items']],
    [{ userId: 'a', title: 'x', message: 'y', expiresAt: 1.5 }, ['expiresAt: must be a whole number']],
    [{ userId: 'a', title: 'x'.repeat(257), message: 'y' }, ['title: must have at most 256 characters']],
  ])('in a body: %j', (body, expected) => {
    expect(told(calls.notifications.body, body)).toEqual(expected);
  });

  it('of a choice, with the choices', () => {
    expect(told(actions.notificationAck.input, { messageId: 'a', type: 'x' }, ['data'])).toEqual([
      'data.type: must be "received" or "read"',
    ]);
  });

  it('and the nearest known name is told only where it is near', () => {
    expect(nearest('filter', ['filters', 'topic'])).toBe('filters');
    expect(nearest('TOPIC', ['filters', 'topic'])).toBe('topic');
    expect(nearest('colour', ['filters', 'topic'])).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
  });
});
