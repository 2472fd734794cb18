/**
 * A proxy forwarder by itself, without a takeover machine: the program that tests and the benchmark run in a namespace.
 * `proxy-node CONFIG`; each line on its standard input names a method of the forwarder, each is answered by a line of JSON.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseNodeConfig } from '../gateway/config.ts';
import { openJournal } from '../gateway/linux/journal-writer.ts';
import { createProxyForwarder } from '../gateway/linux/proxy/proxy-forwarder.ts';

const config = parseNodeConfig(readFileSync(process.argv[2]!, 'utf8'));
const journal = openJournal(config.journal, config.node);
const onTrouble = (text: string): void => journal.write({ event: 'note', text });
const forwarder = createProxyForwarder({ config, journal, onTrouble });

async function answer(method: string): Promise<unknown> {
  if (method === 'cpu') return { ...process.cpuUsage(), rss: process.memoryUsage().rss };
  if (!(method in forwarder)) throw new Error(`no method ${method}`);
  return (await forwarder[method as keyof typeof forwarder]()) ?? null;
}

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(line).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: String(error) }),
  );
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit(0);
