import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { installed } from './installed.mjs';
import { startProgram } from './native.mjs';

const FOLDER = fileURLToPath(new URL('../peers/', import.meta.url));
const STAMP = `${FOLDER}node_modules/.installed`;

/** Installs what is compared with, once for each content of peers/package.json. */
const installPeers = () => {
  const wanted = readFileSync(`${FOLDER}package-lock.json`, 'utf8');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`could not install what is compared with: ${stderr.trim()}`);
  writeFileSync(STAMP, wanted);
};

const ready = (line) => line.startsWith('ready at ');

const startScript = async (script, env) => {
  const program = await startProgram({ command: process.execPath, args: [`${FOLDER}${script}`], env, core: 0, ready });
  return { ...program, url: program.line.slice('ready at '.length) };
};

const startBun = async (env) => {
  const variant = ['bun-linux-x64', 'bun-linux-x64-baseline', 'bun-linux-aarch64']
    .map((name) => `${FOLDER}node_modules/@oven/${name}/bin/bun`)
    .find((path) => existsSync(path));
  if (variant === undefined) throw new Error('there is no Bun for this machine');
  const program = await startProgram({ command: variant, args: [`${FOLDER}bun.mjs`], env, core: 0, ready });
  return { ...program, url: program.line.slice('ready at '.length) };
};

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** A publisher over NATS's own protocol, since nats-server has no HTTP. */
const natsPublisher = (port) => {
  const socket = connect(port, '127.0.0.1');
  const pongs = [];
  socket.setEncoding('latin1').on('data', (text) => {
    for (const line of text.split('\r\n')) if (line === 'PONG') pongs.shift()?.();
    if (text.includes('PING\r\n')) socket.write('PONG\r\n');
  });
  socket.write('CONNECT {"verbose":false}\r\n');
  return {
    publish: (events) =>
      new Promise((resolve) => {
        pongs.push(resolve);
        const lines = events.map((event) => {
          const text = JSON.stringify({ ...event, id: 'bench1-1', timestamp: 1_700_000_000 });
          return `PUB ${event.topic} ${Buffer.byteLength(text)}\r\n${text}\r\n`;
        });
        socket.write(`${lines.join('')}PING\r\n`);
      }),
    end: () => socket.destroy(),
  };
};

const startNats = async () => {
  installed('nats-server', ['nats-server']);
  const port = await freePort();
  const program = await startProgram({
    command: 'nats-server',
    args: ['-a', '127.0.0.1', '-p', String(port)],
    env: { GOMAXPROCS: '1' },
    core: 0,
    from: 'stderr',
    ready: (line) => line.includes('Server is ready'),
  });
  const publisher = natsPublisher(port);
  return {
    ...program,
    url: `nats://127.0.0.1:${port}`,
    publish: publisher.publish,
    stop: () => {
      publisher.end();
      return program.stop();
    },
  };
};

const nginxConfiguration = (port, folder) => `
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
user root;
worker_processes 1;
daemon off;
pid ${folder}/pid;
error_log stderr notice;
worker_rlimit_nofile 20000;
events { worker_connections 19000; }
http {
  access_log off;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server {
    listen 127.0.0.1:${port} backlog=1024;
    keepalive_requests 1000000;
    location = /publish { nchan_publisher; nchan_channel_id $arg_topic; nchan_message_buffer_length 200; }
    location = /subscribe { nchan_subscriber websocket; nchan_channel_id $arg_topic; nchan_subscriber_first_message newest; }
  }
}
`;

const startNchan = async (folder) => {
  installed('nginx', ['nginx-light', 'libnginx-mod-nchan']);
  installed('nginx', ['libnginx-mod-nchan']);
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/nginx.conf`, nginxConfiguration(port, folder));
  const program = await startProgram({
    command: 'nginx',
    args: ['-c', `${folder}/nginx.conf`],
    core: 0,
    from: 'stderr',
    ready: (line) => line.includes('start worker process '),
    // The worker does the work; the first process only watches it.
    pidOf: (pid) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]),
  });
  return { ...program, url: `ws://127.0.0.1:${port}` };
};

const subscribedByQuery = { path: '/?topic=bench@', replies: 0 };

/** Each peer: how it is started, how a subscriber comes to it, and what its frames add to the event. */
export const peers = {
  ws: { start: (_, env) => startScript('ws.mjs', env), subscriber: subscribedByQuery },
  'naive ws': { start: () => startScript('ws.mjs', { NAIVE: '1' }), subscriber: subscribedByQuery },
  'Socket.IO': {
    start: () => startScript('socket-io.mjs', {}),
    subscriber: { path: '/socket.io/?EIO=4&transport=websocket&topic=bench@', hello: '40', replies: 2 },
  },
  'Bun (uWebSockets)': { start: (_, env) => startBun(env), subscriber: subscribedByQuery },
  NATS: { start: startNats, subscriber: { path: '-', isNats: true, hello: 'SUB bench@ 1', replies: 1 } },
  Nchan: {
    start: async ({ folder }) => startNchan(await folder()),
    subscriber: { path: '/subscribe?topic=bench@', replies: 0 },
    publishPath: ({ topic }) => `/publish?topic=${topic}`,
  },
};

export const startPeer = (name, room, env = {}) => {
  installPeers();
  return peers[name].start(room, env);
};
