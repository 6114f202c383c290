/** What a verified token says. */
export interface Claims {
  readonly sub: string;
  /** Unix seconds. */
  readonly exp: number;
  readonly iat?: number;
  /** Unix seconds of the first sign-in, carried on by tokens that the server issues. */
  readonly authTime?: number;
  readonly scopes: readonly string[];
  readonly rooms?: readonly string[];
}

export type Verified =
  | { readonly ok: true; readonly claims: Claims }
  /** `reason` is for the log; a client is told no more than that the token is missing, bad or expired. */
  | { readonly ok: false; readonly problem: 'bad' | 'expired' | 'unavailable'; readonly reason: string };

export interface TokenVerifier {
  verify(token: string): Promise<Verified>;
}

export interface IssueRequest {
  readonly sub: string;
  readonly scopes: readonly string[];
  readonly rooms?: readonly string[];
  /** Unix seconds. */
  readonly iat: number;
  readonly exp: number;
  readonly authTime: number;
}

/** Signs tokens, where the deployment has an HMAC key and is told to. */
export interface TokenIssuer {
  issue(request: IssueRequest): Promise<string>;
}
