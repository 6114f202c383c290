import { gatewayContract } from '../contract/gateway.contract.js';
import { memoryGateway } from './gateway.js';

gatewayContract('in memory', () => {
  const gateway = memoryGateway({ heldBytes: 1_000 });
  return {
    gateway,
    heldBytes: 1_000,
    connect(connectionId) {
      gateway.connect(connectionId);
      return {
        received: () => [...gateway.sentTo(connectionId)],
        closedWith: () => gateway.closedWith(connectionId)?.code,
        drop: () => gateway.disconnect(connectionId),
      };
    },
  };
});
