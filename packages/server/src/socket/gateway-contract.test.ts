import { once } from 'node:events';
import { type GatewaySubject, gatewayContract } from '@aideals/core/contract/gateway';
import { WebSocket } from 'ws';
import { socketServer } from '../testing/socket-server.js';

const MARK = '"mark ';

const overSockets = (isDirect: boolean) => async (): Promise<GatewaySubject> => {
  const server = await socketServer({ heldBytes: 8_192, isDirect });
  let marks = 0;
  return {
    gateway: server.gateway,
    heldBytes: 8_192,
    connect: async (connectionId) => {
      server.nameNext(connectionId);
      const client = new WebSocket(`${server.url}/ws`);
      const texts: string[] = [];
      let code: number | undefined;
      client.on('message', (data) => texts.push(String(data)));
      client.on('close', (with_) => {
        code = with_;
      });
      await once(client, 'open');

      /** What is answered now comes behind all that was taken before. */
      const settle = async (): Promise<void> => {
        if (!server.gateway.alive(connectionId)) {
          if (code === undefined) await once(client, 'close');
          return;
        }
        marks += 1;
        const mark = `${MARK}${marks}"`;
        client.send(mark);
        while (texts.at(-1) !== mark) await once(client, 'message');
      };
      return {
        received: async () => {
          await settle();
          return texts.filter((text) => !text.startsWith(MARK));
        },
        closedWith: async () => {
          await settle();
          return code;
        },
        drop: async () => {
          const gone = server.nextClose();
          client.terminate();
          await gone;
        },
      };
    },
    close: () => server.stop(),
  };
};

gatewayContract('sockets', overSockets(true));
gatewayContract('sockets, through streams', overSockets(false));
