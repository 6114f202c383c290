import { simulate } from './run.js';

const from = Number(process.argv[2] ?? 1);
const n = Number(process.argv[3] ?? 100);
const t = performance.now();
const laws = new Map<string, number[]>();
let steps = 0,
  items = 0;
for (let seed = from; seed < from + n; seed++) {
  const r = await simulate(seed);
  steps += r.steps;
  items += r.trace.length;
  if (r.broken) {
    const l = laws.get(r.broken.law) ?? [];
    laws.set(r.broken.law, l);
    l.push(seed);
    if (l.length <= 3)
      process.stdout.write(
        `seed ${seed}: ${r.broken.law}: ${r.broken.message} @${r.broken.at?.index} ${JSON.stringify(r.broken.at)?.slice(0, 300)}\n`,
      );
  }
}
const s = (performance.now() - t) / 1000;
process.stdout.write(
  `${n} seeds in ${s.toFixed(2)} s: ${(n / s).toFixed(0)}/s, ${steps / n} steps, ${items / n} items\n`,
);
for (const [k, v] of laws) process.stdout.write(`${v.length} x ${k}: ${v.slice(0, 12)}\n`);
