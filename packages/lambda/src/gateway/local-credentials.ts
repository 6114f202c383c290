interface Found {
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A service on this machine looks at no signature, but the SDK wants something to sign with. */
export const localCredentials = (endpoint: string): Found =>
  endpoint.startsWith('http:') && process.env['AWS_ACCESS_KEY_ID'] === undefined
    ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
    : {};
