import { describe, expect, it } from 'vitest';
import { resolveTarget } from './target.js';

describe('the target of publish and tail', () => {
  it.each([
    [undefined, {}, 'http://127.0.0.1:3001', 'ws://127.0.0.1:3001/ws'],
    [undefined, { PORT: '8080', HOST: '0.0.0.0' }, 'http://127.0.0.1:8080', 'ws://127.0.0.1:8080/ws'],
    [undefined, { HOST: '::1' }, 'http://[::1]:3001', 'ws://[::1]:3001/ws'],
    [
      undefined,
      { WEBSOCKET_API_GATEWAY_URL: 'wss://deals.example/prod' },
      'https://deals.example',
      'wss://deals.example/prod',
    ],
    [
      undefined,
      { WEBSOCKET_API_GATEWAY_URL: 'wss://a.example/prod', AIDEALS_HTTP_URL: 'https://b.example' },
      'https://b.example',
      'wss://a.example/prod',
    ],
    [undefined, { AIDEALS_HTTP_URL: 'https://b.example' }, 'https://b.example', 'wss://b.example/ws'],
    ['ws://127.0.0.1:4000/ws', {}, 'http://127.0.0.1:4000', 'ws://127.0.0.1:4000/ws'],
    ['https://deals.example/live/', {}, 'https://deals.example/live', 'wss://deals.example/live'],
    ['https://deals.example/live/', { STAGE: 'live' }, 'https://deals.example', 'wss://deals.example/live'],
    [
      'http://127.0.0.1:4000',
      { WEBSOCKET_API_GATEWAY_URL: 'wss://other.example' },
      'http://127.0.0.1:4000',
      'ws://127.0.0.1:4000/ws',
    ],
  ])('%s with %j', (given, env, http, socket) => {
    expect(resolveTarget(given, env)).toEqual({ http, socket });
  });

  it.each(['127.0.0.1:3001', 'ftp://deals.example', 'deals', ''])('refuses %j and says what it wants', (given) => {
    expect(() => resolveTarget(given, {})).toThrow(/--url .*http:\/\//u);
  });
});
