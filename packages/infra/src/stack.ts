import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Tables } from './tables.js';
import { AidealsWebSocketApi } from './websocket-api.js';

export interface AidealsStackProps extends StackProps {
  /** The stage of the API, 1 to 128 letters, digits, `-` and `_`. */
  readonly stage: string;
}

const STAGE = /^[A-Za-z0-9_-]{1,128}$/;

/** One deployment: tables and WebSocket API, and where to find it. */
export class AidealsStack extends Stack {
  constructor(scope: Construct, id: string, { stage, ...props }: AidealsStackProps) {
    if (!STAGE.test(stage)) {
      throw new Error(`STAGE must be 1 to 128 letters, digits, - and _; it is ${JSON.stringify(stage)}`);
    }
    super(scope, id, { description: 'The tables and the WebSocket API of aideals', ...props });
    new Tables(this, 'Tables');
    const webSocket = new AidealsWebSocketApi(this, 'WebSocket', { stage });
    // Names of outputs are letters and digits alone: the underscores are lost in the template.
    new CfnOutput(this, 'WEBSOCKET_API_GATEWAY_URL', {
      description: 'WEBSOCKET_API_GATEWAY_URL',
      value: webSocket.stage.url,
    });
    new CfnOutput(this, 'WEBSOCKET_API_GATEWAY_ID', {
      description: 'WEBSOCKET_API_GATEWAY_ID',
      value: webSocket.api.apiId,
    });
  }
}
