import type { Engine, Frame, Outcome } from '@aideals/core';
import type { JsonObject } from '@aideals/protocol';

type Asked = { action: string; data: JsonObject; requestId?: string };

/** An engine whose outcome of a frame is changed. `change` may answer in place of the engine, too. */
export const changed = (
  engine: Engine,
  change: (asked: Asked, go: (text?: string) => Promise<Outcome>, connectionId: string) => Promise<Outcome>,
): Engine => ({
  ...engine,
  frame: (record, text, bytes) => {
    const go = async (other = text): Promise<Outcome> => engine.frame(record, other, bytes);
    return change(JSON.parse(text) as Asked, go, record.connectionId);
  },
});

/** A frame with other contents. */
export const rewritten = (frame: Frame, change: (wire: JsonObject) => JsonObject): Frame => {
  const { encoded: _, text, ...rest } = frame;
  return { ...rest, text: JSON.stringify(change(JSON.parse(text) as JsonObject)) };
};
