import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { estimate, sumOf } from './estimate.js';
import { readLoad } from './read-load.js';
import { report } from './report.js';

const NOTHING = ['--connections', '0', '--events-per-hour', '0', '--stored-gb', '0'];
const estimated = (...args: string[]) => estimate(readLoad(args));

describe('a month', () => {
  it('without a user costs what stands there', () => {
    const { connected, messages, standing, total } = estimated(...NOTHING);
    expect([sumOf(connected), sumOf(messages)]).toEqual([0, 0]);
    expect(total).toBeCloseTo(sumOf(standing), 10);
    expect(total).toBeGreaterThan(8);
    expect(total).toBeLessThan(12);
  });

  it('of a thousand open connections is 43.8 million minutes', () => {
    const { connected } = estimated(...NOTHING, '--connections', '1000');
    expect(connected['API Gateway: minutes']).toBeCloseTo(43.8 * 0.25, 6);
    // 12 pings an hour, and their answers.
    expect(connected['API Gateway: pings and answers']).toBeCloseTo(1000 * 730 * 12 * 2 * 1e-6, 6);
    // 730 sessions of an hour for each: 24 writes, and one for each ping.
    expect(connected['DynamoDB: writes']).toBeCloseTo(1000 * 730 * (24 + 12) * 0.625e-6, 6);
  });

  it('of events is counted by those who get them', () => {
    const args = ['--connections', '0', '--events-per-hour', '100', '--receivers', '10000'];
    const { messages, perMillionMessages } = estimated(...args);
    expect(messages['API Gateway: messages']).toBeCloseTo(730 * 100 * 10_000 * 1e-6, 6);
    expect(messages['Traffic out']).toBeCloseTo(730 * 100 * 10_000 * 1000 * 1e-9 * 0.09, 6);
    expect(perMillionMessages).toBeGreaterThan(1);
    expect(perMillionMessages).toBeLessThan(2);
  });

  it('counts a large message in pieces of 32 KiB', () => {
    const price = (bytes: string) =>
      estimated(...NOTHING, '--events-per-hour', '10', '--frame-bytes', bytes).messages['API Gateway: messages'];
    expect(price('32768')).toBe(price('1'));
    expect(price('32769')).toBe(2 * (price('1') as number));
  });

  it('grows in proportion, but for what stands there', () => {
    const one = estimated('--connections', '1000');
    const ten = estimated('--connections', '10000');
    expect(sumOf(ten.connected)).toBeCloseTo(10 * sumOf(one.connected), 6);
    expect(ten.perConnectedHour).toBeCloseTo(one.perConnectedHour, 12);
    expect(sumOf(ten.standing)).toBe(sumOf(one.standing));
  });

  it('has what is optional where it is asked for', () => {
    const { standing } = estimated('--with', 'redis,bridge');
    expect(standing).toMatchObject({ 'Valkey (2 nodes)': expect.any(Number), 'Fargate task': expect.any(Number) });
    expect(sumOf(standing) - sumOf(estimated().standing)).toBeGreaterThan(80);
  });

  it('is shown with what a connected hour and a million messages cost', () => {
    expect(report(estimated())).toMatch(
      /In all +\d+\.\d\d\nPer connected hour +0\.\d+\nPer million messages +\d\.\d\d\n$/u,
    );
  });
});

describe('a wrong option', () => {
  it.each([
    [['--session-minutes', '121'], '--session-minutes must be a number from 0.1 to 120'],
    [['--connections', 'many'], '--connections must be a number from 0'],
    [['--with', 'kafka'], '--with takes redis, bridge, cloudFront; kafka is none of them'],
    [['--conections', '5'], "Unknown option '--conections'"],
  ])('%j is named', (args, line) => {
    expect(() => readLoad(args)).toThrow(line);
  });
});

describe('docs/aws.md', () => {
  const page = readFileSync(new URL('../../../../docs/aws.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$/gmu)];

  it('tells what is calculated', () => {
    expect(rows.length).toBeGreaterThan(3);
    for (const [, connections = '', events = '', receivers = '', chats = '', dollars = ''] of rows.map((row) =>
      row.map((cell) => cell.replaceAll(',', '')),
    )) {
      const { total } = estimated(
        ...['--connections', connections, '--events-per-hour', events],
        ...['--receivers', receivers, '--chats-per-hour', chats],
      );
      expect(Math.round(total)).toBe(Number(dollars));
    }
  });
});
