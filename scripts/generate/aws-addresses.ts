/** AWS's calls, which the server answers as AWS does: see AWS's own documents for all that is not said here. */

const AWS_ERROR = {
  'application/json': {
    schema: { type: 'object', properties: { message: { type: 'string' } }, additionalProperties: true },
  },
};

const failure = (description: string): object => ({ description, content: AWS_ERROR });

const REFUSED = { 403: failure('Not signed, wrongly signed, or signed over 5 minutes ago.') };

const operation = (operationId: string, summary: string, parts: object, responses: object): object => ({
  operationId,
  summary,
  tags: ['AWS'],
  security: [{ signatureV4: [] }],
  ...parts,
  responses: { ...responses, ...REFUSED },
});

const GONE = { 410: failure('GoneException: the connection is not open.') };

const FACTS = {
  type: 'object',
  description: 'Times in ISO 8601.',
  properties: {
    connectedAt: { type: 'string', format: 'date-time' },
    lastActiveAt: { type: 'string', format: 'date-time' },
    identity: {
      type: 'object',
      properties: { sourceIp: { type: 'string' }, userAgent: { type: 'string' } },
      required: ['sourceIp'],
    },
  },
  required: ['connectedAt', 'lastActiveAt', 'identity'],
};

const json = (schema: object, example?: object): object => ({
  'application/json': { schema, ...(example === undefined ? {} : { example }) },
});

const parameter = (name: string, description: string): object => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
});

const BROADCAST = {
  messageType: 'dealUpdate',
  data: { dealId: 'deal-7', title: 'Wireless headphones', category: 'electronics', discountPercentage: 35 },
  topic: 'new-deals',
};

export const AWS: Readonly<Record<string, object>> = {
  '/@connections/{connectionId}': {
    parameters: [parameter('connectionId', 'As `getStatus` and the list of connections tell it.')],
    get: operation(
      'getConnection',
      'Tells of a connection, as API Gateway does; so with the stage before `@connections`.',
      {},
      { 200: { description: 'It is open.', content: json(FACTS) }, ...GONE },
    ),
    post: operation(
      'postToConnection',
      'Sends the body to one connection, as a frame, as it is.',
      {
        requestBody: { required: true, content: { '*/*': { schema: { type: 'string' } } } },
      },
      {
        200: { description: 'Its outbox took the frame.' },
        400: failure('The body is not UTF-8.'),
        ...GONE,
        413: failure('PayloadTooLargeException: over the size of a message.'),
        429: failure('LimitExceededException: its client does not read what waits for it.'),
      },
    ),
    delete: operation(
      'deleteConnection',
      'Closes a connection, with 4003.',
      {},
      { 204: { description: 'It is closed.' }, ...GONE },
    ),
  },
  '/2015-03-31/functions/{functionName}/invocations': {
    post: operation(
      'invoke',
      'Publishes by invoking the function `broadcast`, as Lambda does.',
      {
        parameters: [
          parameter('functionName', '`broadcast`, by name or by ARN.'),
          {
            name: 'X-Amz-Invocation-Type',
            in: 'header',
            schema: { type: 'string', enum: ['RequestResponse', 'Event'], default: 'RequestResponse' },
          },
        ],
        requestBody: { required: true, content: json({ type: 'object' }, BROADCAST) },
      },
      {
        200: {
          description: 'What the function returned: `statusCode` 200 or 500, and `body`, which is JSON text.',
          content: json(
            {
              type: 'object',
              properties: { statusCode: { type: 'integer' }, body: { type: 'string' } },
              required: ['statusCode', 'body'],
            },
            {
              statusCode: 200,
              body: '{"broadcast":"success","id":"k3v9q2m7-1043","delivered":12,"total":12}',
            },
          ),
        },
        202: { description: 'An `Event`: it was published.' },
        400: failure('The body is not JSON, or the type of the invocation is none.'),
        404: failure('ResourceNotFoundException: there is no other function.'),
        413: failure('RequestTooLargeException.'),
      },
    ),
  },
};
