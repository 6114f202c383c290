// One instance of a function, as Lambda has it: a process that loads a bundle when its first event comes, and is told how long
// that took until the answer; later events come in lists, one after another.
import { pathToFileURL } from 'node:url';

const [file] = process.argv.slice(2);
let handler;
let count = 0;

const invoke = async (event) => {
  count += 1;
  const context = { awsRequestId: `r${process.pid}-${count}`, getRemainingTimeInMillis: () => 29_000 };
  return handler(event, context);
};

process.on('message', async ({ events }) => {
  const before = process.cpuUsage();
  const began = performance.now();
  handler ??= (await import(pathToFileURL(file).href)).handler;
  let last;
  for (const event of events) last = await invoke(event);
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  process.send({ ms, cpuMs: (user + system) / 1000, last });
});
