import type { ActionContract, ActionName, Json, ServerFrame } from '@aideals/protocol';
import type { ActionContext } from './handler.js';

/** A frame on its way through the steps; each step fills in what the next ones need. */
export class Exchange {
  readonly cx: ActionContext;
  readonly text: string;
  /** Bytes of UTF-8. */
  readonly bytes: number;
  json: Json | undefined = undefined;
  requestId: string | undefined = undefined;
  action: ActionName | undefined = undefined;
  contract: ActionContract | undefined = undefined;
  data: unknown = undefined;
  input: unknown = undefined;
  answer: { type: string; data: object; envelope?: Partial<ServerFrame> } | undefined = undefined;

  constructor(cx: ActionContext, text: string, bytes: number) {
    this.cx = cx;
    this.text = text;
    this.bytes = bytes;
  }
}
