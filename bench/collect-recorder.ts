/**
 * The collector without its command: tcpdump, supervised, into a ring of files. A program of its own, so that its share of the
 * machine is its own. Given: interface, folder. Says `capturing`, and ends with a line on its standard input.
 */
import { checkConfig } from '../collector/config.ts';
import { watchLinks } from '../collector/engine/link-watch.ts';
import { captureInterface } from '../collector/engine/supervisor.ts';
import { tcpdumpEngine } from '../collector/engine/tcpdump.ts';
import { openRecordings } from '../collector/file/recordings.ts';

const [device = '', folder = ''] = process.argv.slice(2);
const config = checkConfig({ folder, captures: [{ interface: device, vantage: 'node-a.in' }] });
const engine = tcpdumpEngine();
const links = watchLinks();
const recordings = await openRecordings({
  config,
  engine: await engine.version(),
  stamps: engine.stamps,
  application: 'bench',
  onEvent: (event) => process.stderr.write(`${event.event} ${'what' in event ? event.what : ''}\n`),
});
const [capture] = config.captures.map(({ interface: name, vantage }) => {
  const { filter, snaplen, buffer } = config;
  const sink = recordings.recording(vantage).sink(name);
  return captureInterface(
    { interface: name, vantage, filter, snaplen, buffer },
    engine,
    sink,
    (event) => {
      if (event.event === 'capturing') process.stdout.write('capturing\n');
    },
    links,
  );
});
process.stdin.once('data', async () => {
  await capture?.stop();
  links.stop();
  await recordings.close();
  process.stdin.destroy();
});
