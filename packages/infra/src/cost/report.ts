import { type Bill, type Estimate, sumOf } from './estimate.js';

const WIDTH = 34;

const dollars = (amount: number): string =>
  amount >= 0.01 || amount === 0 ? amount.toFixed(2) : amount.toPrecision(2);

const line = (what: string, amount: number): string => `${what.padEnd(WIDTH)}${dollars(amount).padStart(12)}`;

const section = (title: string, bill: Bill): string[] => [
  title,
  ...Object.entries(bill)
    .filter(([, amount]) => amount > 0)
    .map(([what, amount]) => line(`  ${what}`, amount)),
  line('', sumOf(bill)),
  '',
];

/** An estimate as a person reads it. */
export const report = ({ connected, messages, standing, total, ...rates }: Estimate): string =>
  [
    'US dollars a month, us-east-1, by list',
    '',
    ...section('Connections', connected),
    ...section('Messages', messages),
    ...section('Standing', standing),
    line('In all', total),
    line('Per connected hour', rates.perConnectedHour),
    line('Per million messages', rates.perMillionMessages),
    '',
  ].join('\n');
