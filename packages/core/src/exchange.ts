import type { ActionContract, ActionName, Json, ServerFrame } from '@aideals/protocol';
import type { ActionContext } from './handler.js';

/** A frame on its way through the steps; each step fills in what the next ones need. */
export interface Exchange {
  readonly cx: ActionContext;
  readonly text: string;
  /** Bytes of UTF-8. */
  readonly bytes: number;
  json?: Json;
  requestId?: string;
  action?: ActionName;
  contract?: ActionContract;
  data?: unknown;
  input?: unknown;
  answer?: { type: string; data: object; envelope?: Partial<ServerFrame> };
}
