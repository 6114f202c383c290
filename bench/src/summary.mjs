// What all benchmarks found, as the table and the chart of docs/performance.md.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { chart } from './chart.mjs';

const DOCS = new URL('../../docs/', import.meta.url);
const BEGIN = '<!-- measured: begin -->';
const END = '<!-- measured: end -->';

const resultsOf = async (name) => {
  try {
    return JSON.parse(await readFile(new URL(`../results/${name}.json`, import.meta.url), 'utf8'));
  } catch {
    throw new Error(`there are no results of ${name}: run it first`);
  }
};

const row = (cells) => `| ${cells.join(' | ')} |`;

const targetTable = (all) => [
  row(['benchmark', 'what', 'wanted', 'measured', '']),
  row(['---', '---', '---', '---', '---']),
  ...all.flatMap(({ name, targets }) =>
    targets.map(({ what, wanted, value, met }) => row([name, what, wanted, value, met ? 'met' : '**not met**'])),
  ),
];

const fanOutTable = ({ results }) => [
  row(['server', ...results[0].cases.map(({ name }) => name)]),
  row(['---', ...results[0].cases.map(() => '---')]),
  ...results.map(({ name, cases }) =>
    row([name, ...cases.map(({ micros, ratio }) => `${micros.toFixed(2)} µs (${ratio.toFixed(2)})`)]),
  ),
];

/** Writes docs/images/performance.svg, and the part of docs/performance.md between the two marks. */
export async function summarise(names) {
  const all = await Promise.all(names.map(async (name) => ({ name, ...(await resultsOf(name)) })));
  const fanout = all.find(({ name }) => name === 'fanout');
  await writeFile(new URL('images/performance.svg', DOCS), chart(fanout));
  const [first] = all;
  const load = Math.max(...all.map((each) => each.load));
  const text = [
    BEGIN,
    '',
    `${first.at.slice(0, 10)}, ${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Node ${first.node.slice(1)}; the load average was at most ${load.toFixed(1)}.`,
    '',
    ...targetTable(all),
    '',
    `CPU of the server per delivery of one event to ${fanout.sockets.toLocaleString('en-US')} subscribers, in frames of 200 bytes, and in parentheses how many times that of the C loop:`,
    '',
    ...fanOutTable(fanout),
    '',
    '![CPU per delivery of each server, as a multiple of a loop of send() in C](images/performance.svg)',
    '',
    END,
  ];
  const page = new URL('performance.md', DOCS);
  const before = await readFile(page, 'utf8');
  const [begin, end] = [before.indexOf(BEGIN), before.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error('docs/performance.md has lost its marks');
  await writeFile(page, before.slice(0, begin) + text.join('\n') + before.slice(end + END.length));
  process.stdout.write('wrote docs/performance.md and docs/images/performance.svg\n');
}
