interface Place {
  readonly epoch: string;
  readonly offset: number;
}

const placeOf = (id: string): Place | undefined => {
  const dash = id.lastIndexOf('-');
  const offset = Number(id.slice(dash + 1));
  return dash < 1 || !Number.isSafeInteger(offset) ? undefined : { epoch: id.slice(0, dash), offset };
};

/** Whether `a` lies behind `b` in the same epoch; false where they cannot be compared. */
export const isOlder = (a: string, b: string): boolean => {
  const [left, right] = [placeOf(a), placeOf(b)];
  return left !== undefined && right !== undefined && left.epoch === right.epoch && left.offset < right.offset;
};

/** The cursor after `id` was received: an id of another epoch counts as newer. */
export const advance = (cursor: string | undefined, id: string): string =>
  cursor !== undefined && isOlder(id, cursor) ? cursor : id;
