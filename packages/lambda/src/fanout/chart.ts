import { limitSeconds, type Quota } from './plan.js';

export interface ChartLine {
  readonly share: number;
  readonly seconds: number;
  /** Frames delivered after each quarter of a second. */
  readonly curve: readonly number[];
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 80;
const RIGHT = 30;
const TOP = 50;
const BOTTOM = 60;
const COLOURS = ['#0b6e4f', '#1f5fbf', '#a4460f'];
const PER_SECOND = 4;

/** Frames delivered as fan-outs go on, as a solid line each, and what the quota's share allows as a dashed one. */
export const chartOf = (lines: readonly ChartLine[], connections: number, quota: Quota): string => {
  const seconds = Math.ceil(Math.max(...lines.map(({ curve }) => curve.length / PER_SECOND)) / 5) * 5;
  const x = (at: number): number => Math.round(LEFT + (at / seconds) * (WIDTH - LEFT - RIGHT));
  const y = (frames: number): number => Math.round(HEIGHT - BOTTOM - (frames / connections) * (HEIGHT - TOP - BOTTOM));
  const text = (px: number, py: number, anchor: string, content: string): string =>
    `<text x="${px}" y="${py}" text-anchor="${anchor}">${content}</text>`;
  const parts: string[] = [];
  for (let frames = 0; frames <= connections; frames += connections / 4) {
    parts.push(`<path d="M${LEFT} ${y(frames)}H${WIDTH - RIGHT}" stroke="#ccc"/>`);
    parts.push(text(LEFT - 10, y(frames) + 4, 'end', frames.toLocaleString('en')));
  }
  for (let at = 0; at <= seconds; at += 5) parts.push(text(x(at), HEIGHT - BOTTOM + 22, 'middle', String(at)));
  for (const [i, { share, curve, seconds: taken }] of lines.entries()) {
    const colour = COLOURS[i % COLOURS.length];
    const points = [`${x(0)},${y(0)}`, ...curve.map((n, at) => `${x((at + 1) / PER_SECOND)},${y(n)}`)];
    parts.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2.5"/>`);
    const shared = { ...quota, share };
    const limit = `M${x(0)} ${y(quota.burst * share)}L${x(limitSeconds(connections, shared))} ${y(connections)}`;
    parts.push(`<path d="${limit}" fill="none" stroke="${colour}" stroke-dasharray="5 4"/>`);
    const label = `${taken.toFixed(1)} s with a share of ${share}`;
    const row = HEIGHT - BOTTOM - 20 - (lines.length - 1 - i) * 22;
    parts.push(`<g fill="${colour}">${text(WIDTH - RIGHT - 10, row, 'end', label)}</g>`);
  }
  parts.push(
    text(
      LEFT,
      22,
      'start',
      `Frames delivered to ${connections.toLocaleString('en')} connections; dashed: what the quota allows`,
    ),
  );
  parts.push(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, 'middle', 'seconds after the publish'));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="#333"><title>Frames delivered over time, for shares of 1, 0.8 and 0.5 of the quota of calls</title><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>${parts.join('')}</svg>\n`;
};
