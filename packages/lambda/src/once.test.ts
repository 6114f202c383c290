import { describe, expect, it } from 'vitest';
import { withOwnId } from './once.js';

const send = (data: unknown): string => JSON.stringify({ action: 'sendMessage', data, requestId: 'r' });

describe('a chat message without an id of its client', () => {
  it('gets that of the event', () => {
    expect(JSON.parse(withOwnId(send({ content: 'x' }), 'm='))).toEqual({
      action: 'sendMessage',
      data: { content: 'x', clientMessageId: 'event:m=' },
      requestId: 'r',
    });
  });

  it.each([
    ['has an id', send({ clientMessageId: 'mine' })],
    ['has a wrong id, which is to be told', send({ clientMessageId: 7 })],
    ['has no data', send(undefined)],
    ['has other data', send(['sendMessage'])],
    ['is another action', JSON.stringify({ action: 'ping', data: { note: 'sendMessage' } })],
    ['is no JSON', '{"action":"sendMessage"'],
    ['is no object', '"sendMessage"'],
  ])('stays as it came where it %s', (_, text) => {
    expect(withOwnId(text, 'm=')).toBe(text);
  });

  it('stays as it came where the event has none', () => {
    expect(withOwnId(send({ content: 'x' }), undefined)).toBe(send({ content: 'x' }));
  });
});
