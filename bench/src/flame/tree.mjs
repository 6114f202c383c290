// What a CPU profile holds, as a tree of frames with the time in each.
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Where a frame is from, in short: a file of ours by its package, a dependency by its name, a part of Node. */
export const originOf = ({ url }) => {
  if (url.startsWith('node:')) return { kind: 'node', place: url };
  if (!url.startsWith('file:')) return { kind: 'engine', place: '' };
  const path = fileURLToPath(url).replace(ROOT, '');
  const dependency = path.split('node_modules/').at(-1);
  if (dependency !== path && !path.startsWith('packages/')) {
    const [scope, name] = dependency.split('/');
    return { kind: 'dependency', place: scope.startsWith('@') ? `${scope}/${name}` : scope };
  }
  return {
    kind: 'ours',
    place: path
      .replace(/^packages\//u, '')
      .replace('/dist/', '/')
      .replace(/\.js$/u, ''),
  };
};

const labelOf = (callFrame) => {
  const { place } = originOf(callFrame);
  const name = callFrame.functionName === '' ? '(anonymous)' : callFrame.functionName;
  return place === '' ? name : `${name} · ${place}`;
};

/** Bytes allocated by each function itself, as a sampled heap profile estimates them. */
export const allocations = ({ head }) => {
  const bytes = new Map();
  const walk = ({ callFrame, selfSize, children }) => {
    if (isLooking(callFrame)) return;
    const label = labelOf(callFrame);
    bytes.set(label, (bytes.get(label) ?? 0) + selfSize);
    for (const child of children) walk(child);
  };
  walk(head);
  return bytes;
};

/** The one who looks is not looked at. */
const isLooking = ({ url }) => url === 'node:inspector' || url.endsWith('/flame/profiler.mjs');

/** The tree of a profile; frames of one function under one parent are one. Times in microseconds, idle ones left out. */
export const treeOf = ({ nodes, samples, timeDeltas }) => {
  const self = new Map();
  samples.forEach((id, i) => {
    self.set(id, (self.get(id) ?? 0) + timeDeltas[i]);
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const build = (ids, into) => {
    for (const id of ids) {
      const { callFrame, children = [] } = byId.get(id);
      const { functionName, lineNumber } = callFrame;
      if (functionName === '(idle)' || isLooking(callFrame)) continue;
      const { kind, place } = originOf(callFrame);
      const name = functionName === '' ? '(anonymous)' : functionName;
      const key = `${name} ${place} ${lineNumber}`;
      const frame = into.children.get(key) ?? { name, kind, place, self: 0, total: 0, children: new Map() };
      into.children.set(key, frame);
      frame.self += self.get(id) ?? 0;
      build(children, frame);
    }
  };
  const root = { name: 'all', kind: 'engine', place: '', self: 0, total: 0, children: new Map() };
  build(nodes[0].children ?? [], root);
  const sum = (frame) => {
    frame.total = frame.self + [...frame.children.values()].reduce((all, child) => all + sum(child), 0);
    return frame.total;
  };
  sum(root);
  return root;
};

/** The time in each function itself, wherever it was called, most first. */
export const selfTimes = (root) => {
  const times = new Map();
  const walk = (frame) => {
    const label = frame.place === '' ? frame.name : `${frame.name} · ${frame.place}`;
    times.set(label, (times.get(label) ?? 0) + frame.self);
    for (const child of frame.children.values()) walk(child);
  };
  walk(root);
  return [...times].map(([label, micros]) => ({ label, share: micros / root.total })).sort((a, b) => b.share - a.share);
};
