/** An id of the log is `<epoch>-<offset>`. */
export const offsetOf = (id: string): number => Number(id.slice(id.lastIndexOf('-') + 1));

export const epochOf = (id: string): string => id.slice(0, id.lastIndexOf('-'));

/** Whether an id is newer than a cursor: another epoch counts as newer. */
export const isNewer = (id: string, than: string): boolean =>
  epochOf(id) !== epochOf(than) || offsetOf(id) > offsetOf(than);
