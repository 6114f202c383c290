import type {
  ConnectEvent,
  DisconnectEvent,
  InvocationContext,
  MessageEvent,
  OwnEvent,
  ProxyResult,
} from '../event.js';
import { createConnect } from '../handlers/connect.js';
import { doorRules } from '../handlers/door.js';
import { createMessages } from '../handlers/message.js';
import { createOpened } from '../handlers/opened.js';
import type { Runtime } from '../runtime/compose.js';

type SocketEvent = ConnectEvent | DisconnectEvent | MessageEvent;

const isOwn = (event: SocketEvent | OwnEvent): event is OwnEvent => !('requestContext' in event);

/** The functions behind the WebSocket API, over one deployment. */
export const socketFunctions = (runtime: Runtime) => {
  const { config, engine, directory, ports, apply, gateway, api, address, invocation, invoker, meter, pause } = runtime;
  const { clock, ids, telemetry } = ports;
  const invocationId = (): string => invocation.id;

  const opened = createOpened({
    ...{ engine, directory, apply, clock, pause, invocationId },
    isOpen: (connectionId) => api().isOpen(connectionId),
    warningSeconds: runtime.warningSeconds,
  });
  const messages = createMessages({
    ...{ engine, directory, apply, ports, invocationId },
    close: async (connectionId, notice) => gateway.close(connectionId, notice),
    missed: runtime.missed,
  });
  const connect = createConnect({
    engine,
    door: doorRules(config),
    announce: async (connectionId) => {
      await address.note();
      await invoker.start(invocation.functionName, { opened: connectionId });
    },
    telemetry,
    errorId: () => ids.next('error'),
  });

  const own = async (event: OwnEvent): Promise<void> => {
    await address.find();
    if ('opened' in event) return opened(event.opened);
    await runtime.ready();
    return messages.goOn(event.pages);
  };

  /** One invocation: what it measured is written however it ends. */
  const invoked = async <T>(
    event: SocketEvent | OwnEvent,
    context: InvocationContext | undefined,
    work: () => Promise<T>,
  ): Promise<T> => {
    invocation.begin(context, ids.next('mark'));
    if (!isOwn(event)) address.tell(event.requestContext);
    try {
      return await runtime.sending(work);
    } finally {
      meter.publish();
    }
  };

  return {
    connect: (event: ConnectEvent | OwnEvent, context?: InvocationContext): Promise<ProxyResult | undefined> =>
      invoked(event, context, async () => (isOwn(event) ? void (await own(event)) : connect(event))),

    disconnect: (event: DisconnectEvent, context?: InvocationContext): Promise<ProxyResult> =>
      invoked(event, context, async () => {
        await engine.closed(event.requestContext.connectionId);
        return { statusCode: 200 };
      }),

    message: (event: MessageEvent | OwnEvent, context?: InvocationContext): Promise<ProxyResult | undefined> =>
      invoked(event, context, async () => {
        if (isOwn(event)) return void (await own(event));
        await runtime.ready();
        const result = await messages.message(event);
        meter.latency(clock.now() - event.requestContext.requestTimeEpoch);
        return result;
      }),
  };
};
