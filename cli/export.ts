/**
 * `diagnose export INCIDENT --to FILE`: what is known of a stored incident, in the form that the file's ending names.
 * Asks the server of the data folder, or starts one for as long as it takes.
 */
import type { IncidentSummary } from '../server/api.ts';
import { ApiClient } from './api-client.ts';
import { dataFolder } from './data-folder.ts';
import { findOrStart, LOOPBACK } from './data-server.ts';
import { EXPORT_FORMS, type ExportForm, formOf } from './export-forms.ts';
import { checkOutput, writeStream } from './output.ts';
import { beforeEnd } from './signals.ts';
import { UserError } from './user-error.ts';

export interface ExportOptions {
  to: string;
  data?: string;
  redact?: boolean;
}

/** @throws UserError */
export async function exportIncident(
  wanted: string,
  { to, data, redact = false }: ExportOptions,
): Promise<void> {
  const form = formOf(to) ?? unknownForm(to);
  checkOutput(to, []);
  const { address, server } = await findOrStart({
    folder: dataFolder(data),
    host: LOOPBACK,
    port: { wanted: 0, orAnother: true },
  });
  const end = async (): Promise<void> => server?.close();
  beforeEnd(end);
  try {
    const client = new ApiClient(address);
    const { id } = await findIncident(client, wanted);
    await writeStream(client.bytes(`/incidents/${id}/export/${form.name}${redact ? '?redact=1' : ''}`), to);
  } finally {
    await end();
  }
}

function unknownForm(file: string): ExportForm {
  const endings = EXPORT_FORMS.map(({ ending }) => ending);
  throw new UserError(
    'usage',
    `--to: nothing is known about the form of ${file}`,
    `its name ends in ${endings.slice(0, -1).join(', ')} or ${endings.at(-1)}`,
  );
}

/** More of them are looked up on the page. */
const MOST_NAMED = 5;

/** By its id, else by the beginning of its title, if that is of one alone. */
async function findIncident(client: ApiClient, wanted: string): Promise<IncidentSummary> {
  const { incidents } = await client.get<{ incidents: IncidentSummary[] }>('/incidents');
  const known = incidents.find(({ id }) => id === wanted);
  if (known !== undefined) return known;
  const titled = incidents.filter(({ title }) => title.toLowerCase().startsWith(wanted.toLowerCase()));
  const [only, another] = titled;
  if (only !== undefined && another === undefined) return only;
  const choices = titled.length > 0 ? titled : incidents;
  const named = choices.slice(0, MOST_NAMED).map(({ id, title }) => `${id} (${title})`);
  const more = choices.length - named.length;
  throw new UserError(
    'usage',
    titled.length > 0
      ? `${titled.length} incidents have a title that begins with '${wanted}'`
      : `there is no incident '${wanted}'`,
    named.length === 0
      ? 'none is kept yet: `diagnose open FILE ...` keeps one'
      : `there ${choices.length === 1 ? 'is' : 'are'} ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
  );
}
