/**
 * `npm run capacity -- --connections 200000 --events 100 --matching 2`: what a deployment needs, by docs/scaling.md. `--help`
 * lists what may be asked.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { capacity, defaults } from './capacity/model.mjs';

const measured = JSON.parse(readFileSync(new URL('./capacity/measured.json', import.meta.url), 'utf8'));
const dashed = (name) => name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);

const options = Object.fromEntries(
  Object.entries(defaults).map(([name, value]) => [dashed(name), { type: 'string', default: String(value) }]),
);

const read = () => {
  const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
  if (values.help) {
    for (const [name, value] of Object.entries(defaults)) console.log(`--${dashed(name).padEnd(20)} ${value}`);
    process.exit(0);
  }
  return Object.fromEntries(
    Object.keys(defaults).map((name) => {
      const text = values[dashed(name)];
      const value = Number(text);
      if (!(Number.isFinite(value) && value >= 0)) throw new Error(`--${dashed(name)} takes a number, not ${text}`);
      return [name, value];
    }),
  );
};

const round = (n, digits = 1) => n.toLocaleString('en', { maximumFractionDigits: digits });

try {
  const asked = read();
  const { rates, nodes, redis, dynamo } = capacity(asked, measured);
  console.log(
    `asked     ${round(asked.connections)} connections, ${round(asked.events)} events a second that match ${asked.matching} % of them`,
  );
  console.log(
    `rates     ${round(rates.deliveries)} deliveries and ${round(rates.connects)} connects a second, ${round(rates.mebibitsPerSecond)} Mibit/s out`,
  );
  console.log(
    `nodes     ${nodes.nodes}: ${round(nodes.byCpu, 2)} by CPU, ${round(nodes.byMemory, 2)} by memory, one more for one that dies; ${round(nodes.connectionsPerNode, 0)} connections each`,
  );
  console.log(
    `Redis     ${round(redis.cores * 100)} % of a core, ${round(redis.memoryGib, 2)} GiB for the log${redis.isEnough ? '' : ' - MORE THAN ONE CORE GIVES: see docs/scaling.md'}`,
  );
  console.log(
    `DynamoDB  ${round(dynamo.writes)} write and ${round(dynamo.reads)} read units a second, ${round(dynamo.storedGib)} GiB, some $${round(dynamo.dollarsPerMonth, 0)} a month on demand`,
  );
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
