/** An HTTP answer. Without a body its length is 0. */
export interface AwsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const JSON_TYPE = { 'content-type': 'application/json' };

export const emptyAnswer = (status: number, headers: Readonly<Record<string, string>> = {}): AwsAnswer => ({
  status,
  headers,
  body: undefined,
});

/** `body` is JSON text. */
export const jsonAnswer = (
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): AwsAnswer => ({ status, headers: { ...JSON_TYPE, ...headers }, body });

/** An error that the SDKs turn into an exception of the name `type`. */
export const errorAnswer = (
  status: number,
  type: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): AwsAnswer => jsonAnswer(status, JSON.stringify(body), { 'x-amzn-ErrorType': type, ...headers });
