/** The action that stores something new each time it is run. */
const ACTION = 'sendMessage';

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An invocation may be repeated, and a chat message must not be stored twice then: one that its client gave no id gets that
 * of the event. `messageId` is API Gateway's own, the same for each repeat.
 */
export const withOwnId = (text: string, messageId: string | undefined): string => {
  if (messageId === undefined || !text.includes(ACTION)) return text;
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return text;
  }
  if (!isPlain(frame) || frame['action'] !== ACTION || !isPlain(frame['data'])) return text;
  if (Object.hasOwn(frame['data'], 'clientMessageId')) return text;
  return JSON.stringify({ ...frame, data: { ...frame['data'], clientMessageId: `event:${messageId}` } });
};
