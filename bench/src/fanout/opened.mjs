import { writeFile } from 'node:fs/promises';
import { token } from '../aideals.mjs';
import { startFloor, startReader } from '../native.mjs';
import { startServer } from './servers.mjs';

export const FLOOR = 'C loop';

/** Starts a server and opens `count` subscribers of it, on `topics` topics in turn. */
export const opened = async (room, reader, name, { count, topics = 1, deflates = false, env = {} }) => {
  const server =
    name === FLOOR
      ? { name, subscriber: { path: '/', replies: 0 }, ...(await room.keep(startFloor())) }
      : await startServer(name, room, env);
  await reader.open({ name, url: server.url, count, topics, deflates, ...server.subscriber });
  return { ...server, seen: 0 };
};

const USERS = 10_000;

/** The load, with a token for each of its sockets, so that each is another user's. */
export const readerWithTokens = async (room) => {
  const file = `${await room.folder()}/tokens`;
  await writeFile(file, Array.from({ length: USERS }, (_, n) => `${token(`user-${n}`)}\n`).join(''));
  const reader = await room.keep(startReader());
  reader.tokens(file);
  return reader;
};
