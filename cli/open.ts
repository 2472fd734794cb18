/**
 * `diagnose open FILE ...`: keeps the files as an incident, has them analysed, and says where in the
 * web page the finding is. Everything goes through the server's API, of a server in this process or
 * of the one that has the data folder already.
 * The trap: whatever ends it before there is a finding must leave nothing behind; an incident that
 * was there before is not its own.
 */
import { ApiClient, type ServerAddress } from './api-client.ts';
import { openBrowser } from './browser.ts';
import { dataFolder } from './data-folder.ts';
import { DEFAULT_PORT, findOrStart, LOOPBACK } from './data-server.ts';
import { findingLink } from './finding-link.ts';
import { titleOf } from './incident-title.ts';
import { expandInputs } from './inputs.ts';
import { expandJournals } from './journals.ts';
import { printNote } from './messages.ts';
import { createProgress } from './progress.ts';
import { detectStyle } from './render/style.ts';
import { renderHeadline } from './render/text.ts';
import { beforeEnd, untilEnded } from './signals.ts';
import { type NewIncident, storeIncident } from './store-incident.ts';
import { captureUpload, journalUpload, type UploadFile } from './upload-files.ts';

export interface OpenOptions {
  /** Each `[NODE=]FILE`. */
  journal?: string[];
  data?: string;
  port?: number;
  browser: boolean;
}

/** Returns the exit code where a running server was used; else it stays. @throws UserError */
export async function open(args: readonly string[], options: OpenOptions): Promise<number> {
  const files = await filesOf(args, options);
  const { address, server } = await findOrStart({
    folder: dataFolder(options.data),
    host: LOOPBACK,
    port: { wanted: options.port ?? DEFAULT_PORT, orAnother: options.port === undefined },
  });
  const end = async (): Promise<void> => server?.close();
  beforeEnd(end);
  try {
    await show(address, { files, title: titleOf(files.map(({ path }) => path)) }, options.browser);
  } catch (error) {
    await end();
    throw error;
  }
  if (server === null) return 0;
  printNote('the page is there until Ctrl-C; the incident stays, see `diagnose serve`');
  return untilEnded();
}

async function filesOf(args: readonly string[], { journal = [] }: OpenOptions): Promise<UploadFile[]> {
  const sources = await expandInputs(args, printNote);
  const journals = expandJournals(journal, printNote);
  const files: UploadFile[] = [];
  for (const source of sources) files.push(await captureUpload(source));
  return [...files, ...journals.map(journalUpload)];
}

async function show(address: ServerAddress, incident: NewIncident, browser: boolean): Promise<void> {
  const client = new ApiClient(address);
  const line = createProgress(process.stderr);
  process.once('exit', () => line.erase());
  const { id, headline } = await storeIncident(client, incident, line);
  const link = await findingLink(client, address, id);
  const style = detectStyle({
    color: 'auto',
    env: process.env,
    isTerminal: process.stdout.isTTY === true,
    columns: process.stdout.columns,
  });
  process.stdout.write(`${renderHeadline(headline ?? '', style)}${link}\n`);
  if (browser) openBrowser(link);
}
