import { expect, it } from 'vitest';
import { environmentLines } from './output-names.js';

it('outputs are shown under the names of the variables', () => {
  const URL = 'wss://abc.execute-api.eu-central-1.amazonaws.com/prod';
  const written = { Aideals: { WEBSOCKETAPIGATEWAYURL: URL, WEBSOCKETAPIGATEWAYID: 'abc', Other: 'x' } };
  expect(environmentLines(written)).toEqual([`WEBSOCKET_API_GATEWAY_URL=${URL}`, 'WEBSOCKET_API_GATEWAY_ID=abc']);
});
