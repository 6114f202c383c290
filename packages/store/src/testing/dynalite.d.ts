declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A DynamoDB in memory. The times are in milliseconds. */
  const dynalite: (options?: { createTableMs?: number; deleteTableMs?: number; updateTableMs?: number }) => Server;
  export = dynalite;
}
