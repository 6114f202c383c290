// A flame graph as SVG: each box is a function, as wide as the time in it and in what it called; who calls stands below.
const WIDTH = 1200;
const ROW = 17;
const HEAD = 46;
/** Narrower boxes say nothing. */
const LEAST = 0.6;
const CHARACTER = 6.2;

const COLOURS = { ours: '#0b6e4f', dependency: '#b7791f', node: '#5a7fb0', engine: '#8a94a6' };
const NAMES = { ours: 'aideals', dependency: 'dependencies', node: 'Node', engine: 'V8 and the system' };

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const shortened = (text, room) => {
  const most = Math.floor((room - 6) / CHARACTER);
  if (most < 3) return '';
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
};

export const picture = (root, title) => {
  const scale = WIDTH / root.total;
  const boxes = [];
  let deepest = 0;
  const draw = (frame, left, depth) => {
    const width = frame.total * scale;
    if (width < LEAST) return;
    deepest = Math.max(deepest, depth);
    boxes.push({ frame, left, width, depth });
    let next = left;
    for (const child of [...frame.children.values()].sort((a, b) => b.total - a.total)) {
      draw(child, next, depth + 1);
      next += child.total * scale;
    }
  };
  draw(root, 0, 0);
  const height = HEAD + (deepest + 1) * ROW + 8;
  const box = ({ frame, left, width, depth }) => {
    const y = height - 8 - (depth + 1) * ROW;
    const label = frame.place === '' ? frame.name : `${frame.name} · ${frame.place}`;
    const share = `${((100 * frame.total) / root.total).toFixed(1)} %`;
    const text = shortened(label, width);
    const words = text === '' ? '' : `<text x="${(left + 3).toFixed(1)}" y="${y + 12}">${escaped(text)}</text>`;
    const rect = `<rect x="${left.toFixed(1)}" y="${y}" width="${Math.max(width - 0.5, 0.4).toFixed(1)}" height="${ROW - 1}" fill="${COLOURS[frame.kind]}"/>`;
    return `<g><title>${escaped(label)}: ${share}</title>${rect}${words}</g>`;
  };
  const legend = Object.entries(NAMES)
    .map(
      ([kind, name], i) =>
        `<rect x="${8 + i * 150}" y="26" width="11" height="11" fill="${COLOURS[kind]}"/><text x="${24 + i * 150}" y="36" fill="#1d2330">${name}</text>`,
    )
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-monospace, monospace" font-size="10.5" fill="#ffffff"><title>${escaped(title)}</title><rect width="100%" height="100%" fill="#ffffff"/><text x="8" y="17" font-size="13" fill="#1d2330">${escaped(title)}</text>${legend}${boxes.map(box).join('')}</svg>\n`;
};
