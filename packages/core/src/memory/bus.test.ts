import { expect, test } from 'vitest';
import { busContract } from '../contract/bus.contract.js';
import { memoryBus } from './bus.js';

busContract('in memory', () => memoryBus());

test('refuses while it is cut, loses what came meanwhile, and says so when it is back', async () => {
  const bus = memoryBus();
  const [here, there] = [bus.node(), bus.node()];
  const heard: string[] = [];
  there.onReset(() => heard.push('reset'));
  await there.subscribe('c', (bytes) => heard.push(String(bytes[0])));
  there.cut();
  await expect(there.publish('c', new Uint8Array([1]))).rejects.toThrow('out of reach');
  await expect(there.subscribe('d', () => undefined)).rejects.toThrow('out of reach');
  expect(await here.publish('c', new Uint8Array([2]))).toBe(0);
  there.mend();
  expect(await here.publish('c', new Uint8Array([3]))).toBe(1);
  await Promise.resolve();
  expect(heard).toEqual(['reset', '3']);
});
