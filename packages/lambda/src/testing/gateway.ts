import type { CloseNotice, Frame, Gateway } from '@aideals/core';
import { closeNoticeFrame } from '../close-notice.js';
import { TIME } from './events.js';

/** API Gateway as its management API shows it: connections, what was posted to each, and which were deleted. */
export const managementApi = () => {
  const open = new Set<string>();
  const inboxes = new Map<string, string[]>();
  const deleted: string[] = [];

  const inbox = (connectionId: string): string[] => {
    const known = inboxes.get(connectionId) ?? [];
    inboxes.set(connectionId, known);
    return known;
  };

  const post = async (connectionId: string, text: string): Promise<boolean> => {
    if (!open.has(connectionId)) return false;
    inbox(connectionId).push(text);
    return true;
  };

  const disconnect = async (connectionId: string): Promise<void> => {
    if (open.delete(connectionId)) deleted.push(connectionId);
  };

  const close = async (connectionId: string, notice: CloseNotice): Promise<void> => {
    await post(connectionId, closeNoticeFrame(notice, TIME));
    await disconnect(connectionId);
  };

  /** It knows no positions, holds nothing back and sends no close codes. */
  const gateway: Gateway = {
    capabilities: { closeCodes: false, hold: false, positions: false },
    send: async (connectionIds: Iterable<string>, frame: Frame) => {
      const taken = await Promise.all(Array.from(connectionIds, (id) => post(id, frame.text)));
      const sent = taken.filter(Boolean).length;
      return { sent, queued: 0, gone: taken.length - sent };
    },
    close,
    alive: (connectionId) => open.has(connectionId),
    advance: () => undefined,
    given: () => undefined,
    position: () => undefined,
    hold: () => undefined,
    served: () => undefined,
    reread: () => undefined,
    release: () => ({ released: true }),
  };

  return {
    gateway,
    post,
    close,
    deleted,
    open: (connectionId: string): void => void open.add(connectionId),
    /** The client left, and no one was told. */
    drop: (connectionId: string): void => void open.delete(connectionId),
    inbox: (connectionId: string): readonly string[] => inbox(connectionId),
  };
};
