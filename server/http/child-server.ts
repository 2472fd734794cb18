/** For tests: a server in a process of its own, with the folder, port and worker that it is given; it prints its port. */
import { pathToFileURL } from 'node:url';
import { startServer } from './start-server.ts';

const [, , folder = '', port = '0', worker = ''] = process.argv;
const server = await startServer({
  folder,
  port: Number(port),
  worker: pathToFileURL(worker),
  tool: { name: 'stallscope', version: 'test' },
});
process.stdout.write(`${server.port}\n`);
process.once('SIGTERM', () => void server.close());
