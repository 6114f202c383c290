/** A service on this machine looks at no signature, but the SDK wants something to sign with. */
export const localCredentials = (endpoint: string) =>
  endpoint.startsWith('http:') && process.env['AWS_ACCESS_KEY_ID'] === undefined
    ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
    : {};
