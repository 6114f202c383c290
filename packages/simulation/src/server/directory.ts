import type { Directory } from '@aideals/core';
import type { Calls } from '../store/calls.js';

/** A directory whose answers take their time, as one outside of the process does. */
export const slowDirectory = (directory: Directory, calls: Calls): Directory => {
  const slow =
    <A extends unknown[], T>(method: (...args: A) => T) =>
    (...args: A) =>
      calls.run(() => method(...args));
  return {
    open: slow(directory.open),
    get: slow(directory.get),
    patch: slow(directory.patch),
    close: slow(directory.close),
    ofUser: slow(directory.ofUser),
    count: slow(directory.count),
    mark: slow(directory.mark),
    markOf: slow(directory.markOf),
    remark: slow(directory.remark),
    unmark: slow(directory.unmark),
    subscribe: slow(directory.subscribe),
    unsubscribe: slow(directory.unsubscribe),
    change: slow(directory.change),
    subscriptions: slow(directory.subscriptions),
    candidates: slow(directory.candidates),
  } as Directory;
};
