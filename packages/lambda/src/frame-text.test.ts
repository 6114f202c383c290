import { describe, expect, it } from 'vitest';
import { readMessage } from './frame-text.js';
import { messageEvent } from './testing/events.js';

const encoded = (bytes: Uint8Array) => ({
  ...messageEvent('c', Buffer.from(bytes).toString('base64')),
  isBase64Encoded: true,
});

describe('the message in an event', () => {
  it('is its body, with the length in UTF-8', () => {
    expect(readMessage(messageEvent('c', '{"a":"Grüße 👋"}'))).toEqual({ text: '{"a":"Grüße 👋"}', bytes: 20 });
  });

  it('is decoded from base64', () => {
    expect(readMessage(encoded(Buffer.from('{"a":"Grüße 👋"}')))).toEqual({ text: '{"a":"Grüße 👋"}', bytes: 20 });
  });

  it('keeps a byte order mark, as the self-hosted server does', () => {
    expect(readMessage(encoded(Buffer.from('\ufeff{}')))).toEqual({ text: '\ufeff{}', bytes: 5 });
  });

  it('is none where the bytes are not UTF-8', () => {
    expect(readMessage(encoded(Uint8Array.of(0x22, 0xff, 0x22)))).toBeUndefined();
    expect(readMessage(encoded(Uint8Array.of(0xed, 0xa0, 0x80)))).toBeUndefined();
  });

  it('is empty where there is no body', () => {
    const { requestContext } = messageEvent('c', '');
    expect(readMessage({ requestContext, body: null })).toEqual({ text: '', bytes: 0 });
    expect(readMessage({ requestContext })).toEqual({ text: '', bytes: 0 });
  });
});
