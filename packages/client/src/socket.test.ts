import { describe, expect, it } from 'vitest';
import { socketUrl } from './socket.js';

describe('the address', () => {
  it.each([
    ['ws://127.0.0.1:3001/ws', 'ws://127.0.0.1:3001/ws'],
    ['https://deals.example.com/prod', 'wss://deals.example.com/prod'],
    ['http://localhost:3001', 'ws://localhost:3001/'],
    ['wss://deals.example.com/ws?a=b#c', 'wss://deals.example.com/ws?a=b'],
  ])('%s is %s', (given, url) => {
    expect(socketUrl(given)).toBe(url);
  });

  it('names the client instance', () => {
    expect(socketUrl('ws://a/ws?x=1', { client: 'tab_1' })).toBe('ws://a/ws?x=1&client=tab_1');
  });

  it('asks for batches where they are wanted, and only there', () => {
    expect(socketUrl('ws://a/ws', { client: 'tab_1', batch: true })).toBe('ws://a/ws?client=tab_1&batch=1');
    expect(socketUrl('ws://a/ws', { batch: false })).toBe('ws://a/ws');
  });

  it.each([
    ['/ws', undefined, /^url: must be a WebSocket URL such as/],
    ['ftp://a', undefined, /^url: must begin with ws:, wss:, http: or https:, not ftp:/],
    ['ws://a', 'a b', /^client: must be 1 to 64 characters/],
  ])('%s with client %s is refused by a message that names the option', (url, client, message) => {
    expect(() => socketUrl(url, { client })).toThrow(message);
  });
});
