import { type Refusal, refusal } from './refusal.js';

export const ALGORITHM = 'AWS4-HMAC-SHA256';
export const TERMINATOR = 'aws4_request';

/** What an `Authorization` header of Signature Version 4 says. */
export interface Authorization {
  readonly ok: true;
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  /** In the order in which they were signed. */
  readonly signedHeaders: readonly string[];
  /** 64 hexadecimal digits in lower case. */
  readonly signature: string;
}

const incomplete = (message: string): Refusal => refusal('IncompleteSignatureException', message);

const parametersOf = (text: string): ReadonlyMap<string, string> | undefined => {
  const parameters = new Map<string, string>();
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    if (at < 0) return undefined;
    const name = part.slice(0, at).trim();
    if (parameters.has(name)) return undefined;
    parameters.set(name, part.slice(at + 1).trim());
  }
  return parameters;
};

const HEADER_NAMES = /^[!-9<-~]+(;[!-9<-~]+)*$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

/** Reads the header, or says what is wrong with it. */
export const parseAuthorization = (header: string | undefined): Authorization | Refusal => {
  if (header === undefined || header.trim() === '') {
    return refusal('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const [algorithm, rest] = [header.slice(0, ALGORITHM.length), header.slice(ALGORITHM.length)];
  if (algorithm !== ALGORITHM || !/^\s/.test(rest)) {
    return incomplete(`Authorization header must begin with ${ALGORITHM}.`);
  }
  const parameters = parametersOf(rest);
  if (parameters === undefined) {
    return incomplete('Authorization header must be a list of name=value parameters, each name once.');
  }
  const missing = ['Credential', 'SignedHeaders', 'Signature'].filter((name) => !parameters.get(name));
  if (missing.length > 0) {
    return incomplete(missing.map((name) => `Authorization header requires '${name}' parameter.`).join(' '));
  }
  const credential = (parameters.get('Credential') ?? '').split('/');
  const [accessKeyId = '', date = '', region = '', service = '', terminator = ''] = credential;
  if (credential.length !== 5) {
    return incomplete(
      'Credential must have exactly 5 slash-delimited elements: accessKeyId/date/region/service/aws4_request.',
    );
  }
  const names = parameters.get('SignedHeaders') ?? '';
  if (!HEADER_NAMES.test(names) || names !== names.toLowerCase()) {
    return incomplete('SignedHeaders must be lower-case header names with a semicolon between.');
  }
  const signature = parameters.get('Signature') ?? '';
  if (!SIGNATURE.test(signature)) return incomplete('Signature must be 64 hexadecimal digits in lower case.');
  return { ok: true, accessKeyId, date, region, service, terminator, signedHeaders: names.split(';'), signature };
};
