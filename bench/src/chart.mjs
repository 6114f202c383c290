const WIDTH = 760;
const LEFT = 150;
const RIGHT = 60;
const BAR = 18;
const GAP = 6;
const HEAD = 34;

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Powers of ten from 1 to past the largest value. */
const ticksTo = (largest) => {
  const ticks = [1];
  while (ticks.at(-1) < largest) ticks.push(ticks.at(-1) * 10);
  return ticks;
};

/** A panel of bars for each case, on one logarithmic scale: how many times the C loop each server costs. */
export const chart = ({ results }) => {
  const servers = results.filter(({ name }) => name !== 'C loop');
  const cases = results[0].cases.map(({ name }) => name);
  const ticks = ticksTo(Math.max(...servers.flatMap((server) => server.cases.map(({ ratio }) => ratio))));
  const x = (ratio) => LEFT + (Math.log10(Math.max(ratio, 1)) / Math.log10(ticks.at(-1))) * (WIDTH - LEFT - RIGHT);
  const panelHeight = HEAD + servers.length * (BAR + GAP) + 10;
  const panel = (name, index) => {
    const top = 30 + index * panelHeight;
    const bars = servers.map(({ name: server, cases: measured }, i) => {
      const { ratio } = measured[index];
      const y = top + HEAD + i * (BAR + GAP);
      const colour = server === 'aideals' ? '#0b6e4f' : '#8a94a6';
      return `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escaped(server)}</text><rect x="${LEFT}" y="${y}" width="${Math.max(x(ratio) - LEFT, 1).toFixed(1)}" height="${BAR}" fill="${colour}"/><text x="${(x(ratio) + 6).toFixed(1)}" y="${y + 13}">${ratio.toFixed(2)}</text>`;
    });
    const lines = ticks.map(
      (tick) =>
        `<line x1="${x(tick)}" x2="${x(tick)}" y1="${top + 22}" y2="${top + panelHeight - 10}" stroke="#d5d9e0"/><text x="${x(tick)}" y="${top + 18}" text-anchor="middle" fill="#5b6472">${tick}×</text>`,
    );
    return `<text x="${LEFT}" y="${top}" font-weight="600">${escaped(name)}</text>${lines.join('')}${bars.join('')}`;
  };
  const height = 40 + cases.length * panelHeight;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#1d2330"><title>CPU of the server per delivery, as a multiple of a loop of send() in C</title><rect width="100%" height="100%" fill="#ffffff"/>${cases.map(panel).join('')}</svg>\n`;
};
