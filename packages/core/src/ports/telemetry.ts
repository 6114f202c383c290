/** Every name that the core reports under. Never a token, never a message's content. */
export interface TelemetryCounts {
  frames: { action: string; outcome: string };
  published: { topic: string };
  deliveries: { kind: string };
  refused: { step: string };
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
  | { readonly name: 'closed-by-admin'; readonly connectionId: string; readonly by: string };

export interface Telemetry {
  event(event: TelemetryEvent): void;
  count<N extends keyof TelemetryCounts>(name: N, labels: TelemetryCounts[N], n?: number): void;
  observe<N extends keyof TelemetryObservations>(name: N, labels: TelemetryObservations[N], value: number): void;
}
