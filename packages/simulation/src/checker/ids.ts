/** The two parts of an event's id. */
export interface Place {
  readonly epoch: string;
  readonly offset: number;
}

export const placeOf = (id: string): Place => {
  const dash = id.lastIndexOf('-');
  return { epoch: id.slice(0, dash), offset: Number(id.slice(dash + 1)) };
};

export const offsetOf = (id: string): number => placeOf(id).offset;
