/**
 * A forwarder as a process of its own, because a network namespace belongs to a process: reads a method's name a line,
 * answers a JSON line. `process.argv[2]` is its configuration; whatever it tells by itself comes as lines as well.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseNodeConfig } from '../../gateway/config.ts';
import { createRoutedForwarder } from '../../gateway/linux/routed/routed-forwarder.ts';

export type Line =
  | { readonly answer: unknown }
  | { readonly error: string; readonly hint: string }
  | { readonly trouble: string }
  | { readonly journal: unknown };

const say = (line: Line): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
const config = parseNodeConfig(readFileSync(process.argv[2]!, 'utf8'));
const forwarder = createRoutedForwarder({
  config,
  journal: { write: (journal) => say({ journal }), close: () => {} },
  onTrouble: (trouble) => say({ trouble }),
});
const methods: Record<string, () => Promise<unknown>> = {
  prepare: () => forwarder.prepare(),
  startForwarding: () => forwarder.startForwarding(),
  stopForwarding: () => forwarder.stopForwarding(),
  commitState: () => forwarder.commitState(),
  flushState: () => forwarder.flushState(),
  lostConnections: () => forwarder.lostConnections(),
  status: () => forwarder.status(),
  close: () => forwarder.close(),
};

for await (const name of createInterface(process.stdin)) {
  try {
    say({ answer: (await methods[name]!()) ?? null });
  } catch (error) {
    const hint = error instanceof Error && 'hint' in error ? String(error.hint) : '';
    say({ error: error instanceof Error ? error.message : String(error), hint });
  }
}
await forwarder.close();
