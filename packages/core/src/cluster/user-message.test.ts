import { describe, expect, it } from 'vitest';
import { decodeUserMessage, encodeUserMessage, type UserMessage } from './user-message.js';

const frame = { text: '{"type":"notification","data":{"title":"a\\nb “c”"}}' };

describe('a message for a user', () => {
  it.each<UserMessage>([
    { what: 'mail', from: 'n1', place: 7, kind: 'message', frame },
    { what: 'copy', from: 'n1', except: 'c1', frame },
    { what: 'post', from: 'n1', connectionId: 'c1', frame },
    { what: 'close', from: 'n1', connectionId: 'c1', notice: { code: 4010 } },
    { what: 'look', from: 'n1' },
  ])('comes back as it went: $what', (message) => {
    expect(decodeUserMessage(encodeUserMessage(message))).toEqual(message);
  });

  it('is nothing where the bytes are foreign, or of a version to come', () => {
    const later = '{"what":"whisper","from":"n1"}\n{}';
    for (const text of ['', 'hello', 'null', '7', '[]', '{"what":"mail","from":"n1"}', '{"what":"close"}', later]) {
      expect(decodeUserMessage(new TextEncoder().encode(text)), text).toBeUndefined();
    }
  });

  it('may hold what a version to come adds', () => {
    const bytes = new TextEncoder().encode(`{"what":"copy","from":"n1","except":"c","more":1}\n${frame.text}`);
    expect(decodeUserMessage(bytes)).toMatchObject({ what: 'copy', except: 'c', frame });
  });
});
