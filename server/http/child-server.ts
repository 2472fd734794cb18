/** For tests: a server in a process of its own, in the folder and at the port that it is given; it prints its port. */
import { startServer } from './start-server.ts';

const [, , folder = '', port = '0'] = process.argv;
const server = await startServer({
  folder,
  port: Number(port),
  tool: { name: 'stallscope', version: 'test' },
});
process.stdout.write(`${server.port}\n`);
process.once('SIGTERM', () => void server.close());
