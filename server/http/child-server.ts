/** For the test of large uploads: a server in a process of its own, in the folder that it is given; it prints its port. */
import { startServer } from './start-server.ts';

const server = await startServer({
  folder: process.argv[2] ?? '',
  tool: { name: 'stallscope', version: 'test' },
});
process.stdout.write(`${server.port}\n`);
process.once('SIGTERM', () => void server.close());
