import { Agent, request } from 'node:http';

/** Posts JSON over connections that stay open, and resolves when the answer is there; any other than 2xx is an error. */
export const poster = (url, headers = {}) => {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 64, keepAliveMsecs: 60_000 });
  const post = (path, text) =>
    new Promise((resolve, reject) => {
      const options = { agent, hostname, port, path, method: 'POST' };
      const length = Buffer.byteLength(text);
      const sending = request(
        { ...options, headers: { 'content-type': 'application/json', 'content-length': length, ...headers } },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => {
            const body = Buffer.concat(chunks).toString();
            if (response.statusCode >= 200 && response.statusCode < 300) resolve(body);
            else reject(new Error(`${path} was answered ${response.statusCode}: ${body.slice(0, 200)}`));
          });
        },
      );
      sending.on('error', reject);
      sending.end(text);
    });
  return { post, end: () => agent.destroy() };
};
