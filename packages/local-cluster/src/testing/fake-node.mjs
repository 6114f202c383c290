/** Stands in for `aideals`: serves, answers /readyz as it is told by GET /set?<status>, and makes no tables. */
import { createServer } from 'node:http';

const [, , command] = process.argv;
if (command === 'dynamodb') process.exit(process.env.FAIL_TABLES === undefined ? 0 : 3);
if (process.env.FAIL_START !== undefined) {
  process.stderr.write('JWT_SECRET: is not set\n');
  process.exit(2);
}

let status = 200;
createServer((call, answer) => {
  if (call.url?.startsWith('/set?')) status = Number(call.url.slice(5));
  answer.writeHead(call.url === '/readyz' ? status : 200).end(process.env.PORT);
}).listen(Number(process.env.PORT), '127.0.0.1', () => {
  process.stdout.write(`aideals is ready at http://127.0.0.1:${process.env.PORT}\n`);
});
process.on('SIGTERM', () => process.exit(0));
