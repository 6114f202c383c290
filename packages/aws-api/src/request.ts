/**
 * An HTTP request as it came over the wire. Signatures cover the raw form, so nothing in it may have been decoded,
 * normalised or re-encoded on the way here.
 */
export interface AwsRequest {
  /** In capitals. */
  readonly method: string;
  /** The request target up to the first `?`, still percent-encoded. */
  readonly rawPath: string;
  /** What follows the first `?`; empty where there is none. */
  readonly rawQuery: string;
  /** By lower-case name. A field that came more than once is a list, as Node’s `headersDistinct` has it. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

/** The value of a header; where it came more than once, the values joined as a signature joins them. */
export const headerOf = (request: AwsRequest, name: string): string | undefined => {
  if (!Object.hasOwn(request.headers, name)) return undefined;
  const value = request.headers[name];
  return typeof value === 'string' || value === undefined ? value : value.join(',');
};
