import type { ActionHandler } from '../handler.js';

export const handle: ActionHandler<'whoAmI'> = (cx, { scope }) => {
  const { userId, scopes } = cx.connection;
  const granted = scope === undefined ? {} : { granted: scopes.includes(scope) };
  return { type: 'identity', data: { userId, ...granted } };
};
