/** Every name that the core reports under. Never a token, never a message's content. */
export interface TelemetryCounts {
  frames: { action: string; outcome: string };
  published: { topic: string };
  deliveries: { kind: string };
  refused: { step: string };
  /** What a node of a cluster heard of others, and what it had to read because it did not. */
  relayed: { what: 'event' | 'event-read' | 'mail' | 'mail-read' | 'double' | 'foreign' };
}

export interface TelemetryObservations {
  /** Seconds from a frame's arrival to its outcome. */
  exchange: { action: string };
  /** Receivers of one event. */
  fanout: { kind: string };
}

export type TelemetryEvent =
  | { readonly name: 'internal-error'; readonly errorId: string; readonly where: string; readonly error: unknown }
  | { readonly name: 'auth-refused'; readonly reason: string; readonly ip: string }
  | { readonly name: 'order-broken'; readonly offset: number; readonly position: number }
  | { readonly name: 'closed-by-admin'; readonly connectionId: string; readonly by: string }
  /** What was given out of the log is not in it any more, or what comes next is not: `closed` connections have to resume. */
  | { readonly name: 'log-anew'; readonly given: string; readonly top: string; readonly closed: number }
  /** `ahead` is in milliseconds: how far the clock of another node is ahead of this one's, at least. */
  | { readonly name: 'clock-skew'; readonly node: string; readonly ahead: number }
  | { readonly name: 'other-deployment'; readonly node: string; readonly deployment: string }
  /** One that shares the table and lives, and is not heard on the bus. */
  | { readonly name: 'unheard-node'; readonly node: string }
  /** This node was away for longer than its lease: the others took its connections for gone. */
  | { readonly name: 'lease-lapsed'; readonly ms: number };

export interface Telemetry {
  event(event: TelemetryEvent): void;
  count<N extends keyof TelemetryCounts>(name: N, labels: TelemetryCounts[N], n?: number): void;
  observe<N extends keyof TelemetryObservations>(name: N, labels: TelemetryObservations[N], value: number): void;
}
