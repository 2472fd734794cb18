/**
 * `npm start [-- files and options]`: sets up what is missing, then is `diagnose`, in this very
 * process, so that stdin, signals, arguments and the exit code are its own. Without a file it
 * diagnoses the bundled incident.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp } from './setup.mjs';

const INCIDENT = 'examples/incident/client.pcap.gz';

await setUp();
// npm runs scripts in the package's folder; file names are meant from where the user stands.
if (process.env.npm_lifecycle_event === 'start' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
const program = path.join(root, 'dist/diagnose.js');
process.argv = [process.argv[0], program, ...withFile(process.argv.slice(2))];
await import(pathToFileURL(program).href);

/** Options alone (`--json`) are about the bundled incident; help and version are about no file. */
function withFile(args) {
  const complete = args.some(
    (arg) => !arg.startsWith('-') || ['-', '-h', '--help', '--version'].includes(arg),
  );
  return complete ? args : [...args, path.relative(process.cwd(), path.join(root, INCIDENT))];
}
