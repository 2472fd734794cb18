/**
 * `npm start [-- files and options]`: sets up what is missing, then is `diagnose`, in this very
 * process, so that stdin, signals, arguments and the exit code are its own. Without an argument, or
 * with options of `open` alone, it opens the bundled incident in the web page; with options of the
 * diagnosis alone (`--json`) it diagnoses a smaller one, of the client alone, in the terminal.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, say, setUp } from './setup.mjs';

const INCIDENT = 'examples/late-commit';
const JOURNALS = { 'node-a': 'conntrackd-a.log', 'node-b': 'conntrackd-b.log' };
const ONE_CAPTURE = 'examples/incident/client.pcap.gz';
/** Options of `open`, and whether a value follows. */
const OF_OPEN = { '--port': true, '--data': true, '--no-browser': false };
/** These are about no file. */
const COMPLETE = ['-', '-h', '--help', '-V', '--version'];

await setUp();
if (process.env.npm_lifecycle_event === 'start') {
  // npm runs scripts in the package's folder; file names are meant from where the user stands.
  if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
  endWithParent();
}
const program = path.join(root, 'dist/diagnose.js');
process.argv = [process.argv[0], program, ...(await completed(process.argv.slice(2)))];
await import(pathToFileURL(program).href);

/** Who ends npm ends its shell, and that passes no signal on: a server would stay that nobody sees. */
function endWithParent() {
  const parent = process.ppid;
  const look = () => process.ppid === parent || process.kill(process.pid, 'SIGTERM');
  setInterval(look, 500).unref();
}

async function completed(args) {
  if (args.every((arg, i) => isOfOpen(arg) || OF_OPEN[args[i - 1]])) {
    const why = await whyNoPage();
    if (why === null) return ['open', ...args, ...bundledIncident()];
    say(`${why}: this is the diagnosis without the web page`);
    return [bundled(ONE_CAPTURE)];
  }
  return args.some((arg) => !arg.startsWith('-') || COMPLETE.includes(arg))
    ? args
    : [...args, bundled(ONE_CAPTURE)];
}

function isOfOpen(arg) {
  return Object.hasOwn(OF_OPEN, arg.replace(/=.*/, ''));
}

function bundled(...names) {
  return path.relative(process.cwd(), path.join(root, ...names)) || '.';
}

function bundledIncident() {
  const journals = Object.entries(JOURNALS).map(([node, file]) => `${node}=${bundled(INCIDENT, file)}`);
  return [...journals.flatMap((journal) => ['--journal', journal]), bundled(INCIDENT)];
}

/** Null where the page can be opened. */
async function whyNoPage() {
  if (!existsSync(path.join(root, 'dist/ui/index.html'))) return 'the web page is not built';
  try {
    const { default: Database } = await import('better-sqlite3');
    // It looks for its native part only now.
    new Database(':memory:').close();
    return null;
  } catch (error) {
    return `the database package cannot be loaded (${String(error.message)
      .split('\n', 1)[0]
      .replace(/\.? Tried:$/, '')})`;
  }
}
