/** What clients of a deployment were told and what came to them, in a form that a checker can judge without knowing how it came about. */

/** What a subscription asks for: a topic, or `all-deals`, and shops, or all. */
export interface Interest {
  readonly topic: string;
  readonly shops: readonly string[] | undefined;
}

/** What an event says. Each tag is used for one event in a whole run. */
export interface EventData {
  readonly tag: string;
  readonly topic: string;
  readonly shop: string;
}

/** Confirmed: it was told that the event is stored. Refused: it was told that it is not. Unknown: neither. */
export type Outcome = 'confirmed' | 'refused' | 'unknown';

export interface Publication extends EventData {
  /** One publisher waits for each outcome before its next: its events are in its order. */
  readonly publisher: string;
  readonly outcome: Outcome;
  /** The id that it was told. */
  readonly id: string | undefined;
  /** Whether it was asked more than once, under one key. */
  readonly isRepeated: boolean;
}

/** What came between the confirmation of a subscription and the end of its connection. */
export interface Stretch {
  /** The id that it asked to resume from. */
  readonly asked: string | undefined;
  /** The position from which delivery was promised. */
  readonly after: string;
  /** Why not all of what was missed is there; undefined where nothing was said to be missing. */
  readonly lost: string | undefined;
  /** Ids of events, as they came. */
  readonly ids: string[];
}

export interface Reader {
  readonly name: string;
  readonly interest: Interest;
  readonly stretches: readonly Stretch[];
}

export interface Message {
  readonly tag: string;
  readonly from: string;
  readonly to: string;
  /** The one before was answered before this was sent, on whatever connection. */
  readonly number: number;
  readonly outcome: Outcome;
  readonly isRepeated: boolean;
  readonly messageId: string | undefined;
  readonly sequence: number | undefined;
}

export interface ReceivedMessage {
  readonly messageId: string;
  readonly tag: string;
  readonly from: string;
  readonly to: string;
  readonly sequence: number;
}

/** One connection of a user, and what came on it. */
export interface Sitting {
  readonly user: string;
  /** When it began to be opened, on the clock of the history. */
  readonly openedAt: number;
  readonly received: readonly ReceivedMessage[];
}

export interface History {
  readonly publications: readonly Publication[];
  /** What came under each id, in the order in which ids were first seen. */
  readonly events: ReadonlyMap<string, EventData>;
  /** Two things that came under one id. */
  readonly conflicts: readonly (readonly [id: string, one: EventData, other: EventData])[];
  readonly readers: readonly Reader[];
  /** The id that every reader was waited for in the end; undefined where the run was cut short. */
  readonly end: string | undefined;
  readonly messages: readonly Message[];
  readonly sittings: readonly Sitting[];
  /** When an acknowledgement was confirmed, by the id of the message. */
  readonly acknowledged: ReadonlyMap<string, number>;
}

/** Whether a subscription is owed an event. */
export const isOf = ({ topic, shops }: Interest, event: EventData): boolean =>
  (topic === 'all-deals' || topic === event.topic) && (shops === undefined || shops.includes(event.shop));
