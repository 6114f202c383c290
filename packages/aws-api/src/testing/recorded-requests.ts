/**
 * Requests as real tools sent and signed them to a listener on the loopback address, with the example key of AWS’s own
 * documentation. Left out are only headers that no signature covers (User-Agent, Accept-Encoding, Connection). Bodies are
 * in base64.
 */
export const RECORDED_KEY = { accessKeyId: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

export interface RecordedRequest {
  readonly by: string;
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

export const recordedRequests: readonly RecordedRequest[] = [
  {
    by: 'aws cli 2.9.19: post-to-connection',
    method: 'POST',
    rawPath: '/prod/@connections/L0SM9cOFvHcCIhw%3D',
    rawQuery: '',
    headers: {
      host: ['127.0.0.1:35435'],
      'x-amz-date': ['20261125T032502Z'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=c68a0e3c191e96d200fd443b139fe9a75a36db61ce0627f1bf63502fec17092f',
      ],
      'content-length': ['72'],
    },
    body: 'eyJ0eXBlIjoibm90aWZpY2F0aW9uIiwiZGF0YSI6eyJ0aXRsZSI6IlRlc3QiLCJtZXNzYWdlIjoiR3LDvMOfZSDwn5GLIn19',
  },
  {
    by: 'aws cli 2.9.19: get-connection',
    method: 'GET',
    rawPath: '/@connections/L0SM9cOFvHcCIhw%3D',
    rawQuery: '',
    headers: {
      host: ['127.0.0.1:35435'],
      'x-amz-date': ['20261125T032503Z'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=98fcbccb0157b3b6ab216b5ea17d25b5244ed15769f81b299322e4e05ae6aa96',
      ],
    },
    body: '',
  },
  {
    by: 'aws cli 2.9.19: delete-connection',
    method: 'DELETE',
    rawPath: '/prod/@connections/019aba50-6f6f-7000-8000-3ad2f2f5a1cb',
    rawQuery: '',
    headers: {
      host: ['127.0.0.1:35435'],
      'x-amz-date': ['20261125T032505Z'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=a8a2e99c87bb9b98fcce7a52cf23cd744703a3166a8570fb9b0a03984daedc92',
      ],
      'content-length': ['0'],
    },
    body: '',
  },
  {
    by: 'aws cli 2.9.19: invoke',
    method: 'POST',
    rawPath: '/2015-03-31/functions/broadcast/invocations',
    rawQuery: '',
    headers: {
      host: ['127.0.0.1:35435'],
      'x-amz-invocation-type': ['Event'],
      'x-amz-date': ['20261125T032506Z'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date;x-amz-invocation-type, Signature=a4cdfa40edea70d1bbda3a742ac56edb3969dcb9dd62eedd0481edec149e1e07',
      ],
      'content-length': ['25'],
    },
    body: 'eyJkYXRhIjp7InRpdGxlIjoiRGVhbCJ9fQ==',
  },
  {
    by: 'boto3 1.26.27: post',
    method: 'POST',
    rawPath: '/prod/@connections/abc%2Bd%2Fe%3D',
    rawQuery: '',
    headers: {
      host: ['127.0.0.1:35435'],
      'x-amz-date': ['20261125T032508Z'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=8b036c6b0cee07845a33f45fdd4d0dd76f58b47cbcf57c5d5189d918cbe38bf7',
      ],
      'amz-sdk-invocation-id': ['54460d86-dc96-43e4-8fc6-0037e6df902b'],
      'amz-sdk-request': ['attempt=1'],
      'content-length': ['8'],
    },
    body: 'eyJhIjogMX0=',
  },
  {
    by: 'boto3 1.26.27: get',
    method: 'GET',
    rawPath: '/prod/@connections/L0SM9cOFvHcCIhw%3D',
    rawQuery: '',
    headers: {
      host: ['127.0.0.1:35435'],
      'x-amz-date': ['20261125T032509Z'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=e4ff63d2ab685f266f58b777f6f1cea96eb9b3c29b9254470575acba6afe8ac3',
      ],
      'amz-sdk-invocation-id': ['a5a29334-3fb0-451d-af2f-d41c4d582fa1'],
      'amz-sdk-request': ['attempt=1'],
    },
    body: '',
  },
  {
    by: 'boto3 1.26.27: event',
    method: 'POST',
    rawPath: '/2015-03-31/functions/broadcast/invocations',
    rawQuery: '',
    headers: {
      'x-amz-invocation-type': ['Event'],
      host: ['127.0.0.1:35435'],
      'x-amz-date': ['20261125T032510Z'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date;x-amz-invocation-type, Signature=c249debab62d748cb2be431d65445719cc95be8d9a836fb0b497a6fbd79c7357',
      ],
      'amz-sdk-invocation-id': ['cefa7f90-2701-4100-b99c-2e20390fb46d'],
      'amz-sdk-request': ['attempt=1'],
      'content-length': ['124'],
    },
    body: 'eyJtZXNzYWdlVHlwZSI6ICJkZWFsVXBkYXRlIiwgImRhdGEiOiB7InRpdGxlIjogIngifSwgInRvcGljIjogIm5ldy1kZWFscyIsICJmaWx0ZXJzIjogeyJjYXRlZ29yeSI6IG51bGwsICJkaXNjb3VudCI6IG51bGx9fQ==',
  },
  {
    by: 'boto3 1.26.27: arn',
    method: 'POST',
    rawPath: '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Abroadcast/invocations',
    rawQuery: 'Qualifier=%24LATEST',
    headers: {
      host: ['127.0.0.1:35435'],
      'x-amz-date': ['20261125T032511Z'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=4fd0bc9c6f60f53fb9433836a4c9244d166de13650aa7165c6c9142c68d429f7',
      ],
      'amz-sdk-invocation-id': ['e98f2d44-4987-4b7e-a9dc-d46cf57c1d16'],
      'amz-sdk-request': ['attempt=1'],
      'content-length': ['2'],
    },
    body: 'e30=',
  },
  {
    by: 'aws sdk for javascript 3.1169.0: PostToConnection',
    method: 'POST',
    rawPath: '/prod/@connections/L0SM9cOFvHcCIhw%3D',
    rawQuery: '',
    headers: {
      'content-type': ['application/octet-stream'],
      'content-length': ['15'],
      'x-amz-user-agent': ['aws-sdk-js/3.1168.0'],
      host: ['127.0.0.1:35435'],
      'amz-sdk-invocation-id': ['c711d869-2c65-40af-9b0e-758943fdb41b'],
      'amz-sdk-request': ['attempt=1; max=3'],
      'x-amz-date': ['20261125T032511Z'],
      'x-amz-content-sha256': ['b6fb4733e6b14e1dca43861100e2598528b40623c297dab2ac5942b2b77aaa03'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-user-agent, Signature=78867f96d2a6259612914b4a93bc903bd032806a726ebaa1372ac7f61a65625c',
      ],
    },
    body: 'eyJhIjoiR3LDvMOfZSJ9',
  },
  {
    by: 'aws sdk for javascript 3.1169.0: GetConnection',
    method: 'GET',
    rawPath: '/@connections/L0SM9cOFvHcCIhw%3D',
    rawQuery: '',
    headers: {
      'x-amz-user-agent': ['aws-sdk-js/3.1168.0'],
      host: ['127.0.0.1:35435'],
      'amz-sdk-invocation-id': ['194d727e-eae4-4d56-ae96-ef7797dbc1d3'],
      'amz-sdk-request': ['attempt=1; max=3'],
      'x-amz-date': ['20261125T032511Z'],
      'x-amz-content-sha256': ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;host;x-amz-content-sha256;x-amz-date;x-amz-user-agent, Signature=55c308494cac705edf697ffdd1e45c57227e6cd91f8de0a61c021e37afaa5125',
      ],
    },
    body: '',
  },
  {
    by: 'aws sdk for javascript 3.1169.0: DeleteConnection',
    method: 'DELETE',
    rawPath: '/prod/@connections/a%20b%2Ac~%28d%29%27%21',
    rawQuery: '',
    headers: {
      'x-amz-user-agent': ['aws-sdk-js/3.1168.0'],
      host: ['127.0.0.1:35435'],
      'amz-sdk-invocation-id': ['28feaa36-6cdb-4279-881c-e0648540f6f7'],
      'amz-sdk-request': ['attempt=1; max=3'],
      'x-amz-date': ['20261125T032511Z'],
      'x-amz-content-sha256': ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/execute-api/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;host;x-amz-content-sha256;x-amz-date;x-amz-user-agent, Signature=cd56002a431ecb2ced9cd2947a296276a73ac7d6fb68e23f1822594fe0cb86f5',
      ],
    },
    body: '',
  },
  {
    by: 'aws sdk for javascript 3.1169.0: Invoke Event',
    method: 'POST',
    rawPath: '/2015-03-31/functions/broadcast/invocations',
    rawQuery: '',
    headers: {
      'x-amz-invocation-type': ['Event'],
      'content-type': ['application/octet-stream'],
      'content-length': ['11'],
      'x-amz-user-agent': ['aws-sdk-js/3.1163.0'],
      host: ['127.0.0.1:35435'],
      'amz-sdk-invocation-id': ['2fe7a480-2fcf-4ae2-8c77-015a7fa86daf'],
      'amz-sdk-request': ['attempt=1; max=3'],
      'x-amz-date': ['20261125T032511Z'],
      'x-amz-content-sha256': ['7fb9d166d1a15bce0b9f085f3818946fd9297e4513a4a034a0ceb749292b4c0d'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/eu-central-1/lambda/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-invocation-type;x-amz-user-agent, Signature=e04cdf32b0c8a684c6fb2871dd864b34755a8ac012d785f31117d928f5c71bd7',
      ],
    },
    body: 'eyJkYXRhIjp7fX0=',
  },
  {
    by: 'aws sdk for javascript 3.1169.0: Invoke RequestResponse',
    method: 'POST',
    rawPath: '/2015-03-31/functions/broadcast%3Alive/invocations',
    rawQuery: 'Qualifier=1',
    headers: {
      'content-type': ['application/octet-stream'],
      'content-length': ['11'],
      'x-amz-user-agent': ['aws-sdk-js/3.1163.0'],
      host: ['127.0.0.1:35435'],
      'amz-sdk-invocation-id': ['0bc5552f-0c13-4e8a-aa31-b21dd7a19359'],
      'amz-sdk-request': ['attempt=1; max=3'],
      'x-amz-date': ['20261125T032511Z'],
      'x-amz-content-sha256': ['7fb9d166d1a15bce0b9f085f3818946fd9297e4513a4a034a0ceb749292b4c0d'],
      authorization: [
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/eu-central-1/lambda/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-user-agent, Signature=eeffde94ace111b96f996393f3cadf580d1c876e0e491ffbf60e9e8af148efb3',
      ],
    },
    body: 'eyJkYXRhIjp7fX0=',
  },
];
