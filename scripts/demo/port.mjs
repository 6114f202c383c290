import { createServer } from 'node:net';

/** Why a server could not listen there, in one line; undefined where it could. Found out before a minute of installing. */
export const portProblem = (host, port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code, message }) => {
      resolve(
        code === 'EADDRINUSE'
          ? `PORT: ${port} is taken on ${host}; end what listens there, or choose another: PORT=3002 npm run demo`
          : `PORT, HOST: ${message}`,
      );
    });
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
