/**
 * Files to an incident with a result, over the API: the one that holds these files already, or a new
 * one. Unless there is a result at the end, a new one is taken away again.
 */
import type { IncidentDetail, IncidentSummary, Progress, StoredFile } from '../server/api.ts';
import type { ApiClient } from './api-client.ts';
import { printNote } from './messages.ts';
import type { Progress as ProgressLine } from './progress.ts';
import { formatNumber } from './render/units.ts';
import { beforeEnd } from './signals.ts';
import { findTwin } from './twin-incident.ts';
import { sha256Of, type UploadFile } from './upload-files.ts';
import { UserError } from './user-error.ts';
import { VERSION } from './version.ts';

export interface NewIncident {
  readonly title: string;
  readonly files: readonly UploadFile[];
}

/** @throws UserError where there is no result */
export async function storeIncident(
  client: ApiClient,
  incident: NewIncident,
  line: ProgressLine,
): Promise<IncidentSummary> {
  const before = await twinOfFiles(client, incident.files, line);
  if (before !== null) return diagnosed(client, before, line);
  const { id } = await client.post<IncidentSummary>('/incidents', { title: incident.title });
  const takeBack = (): Promise<void> => client.delete(`/incidents/${id}`);
  const keep = beforeEnd(takeBack);
  try {
    for (const file of incident.files) await upload(client, id, file, line);
    // Now all is known, also of what came from a pipe.
    const stored = await client.get<IncidentDetail>(`/incidents/${id}`);
    const twin = await twinOfStored(client, stored);
    if (twin === null) return await diagnosed(client, stored, line);
    await takeBack();
    return await diagnosed(client, twin, line);
  } catch (error) {
    await takeBack().catch(() => {});
    throw error;
  } finally {
    keep();
    line.erase();
  }
}

async function twinOfFiles(
  client: ApiClient,
  files: readonly UploadFile[],
  line: ProgressLine,
): Promise<IncidentDetail | null> {
  const sizes = files.map(({ size }) => size);
  if (sizes.some((size) => size === null)) return null;
  const identities = async (): Promise<Pick<StoredFile, 'kind' | 'name' | 'vantage' | 'sha256'>[]> => {
    const known = [];
    for (const file of files) {
      line.say(`comparing ${file.name} with what is stored`);
      known.push({ ...file, sha256: await sha256Of(file) });
    }
    return known;
  };
  return findTwin(client, {
    files: files.length,
    size: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
    identities,
  });
}

const twinOfStored = (client: ApiClient, stored: IncidentDetail): Promise<IncidentDetail | null> =>
  findTwin(client, {
    files: stored.files,
    size: stored.size,
    except: stored.id,
    identities: async () => stored.storedFiles,
  });

async function upload(client: ApiClient, id: string, file: UploadFile, line: ProgressLine): Promise<void> {
  const query = new URLSearchParams({ name: file.name });
  if (file.vantage !== null) query.set('vantage', file.vantage);
  line.begin(file.name);
  let done = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of file.open()) {
      done += chunk.length;
      line.update(done, file.size);
      yield chunk;
    }
  }
  const stored = await client.put<StoredFile>(`/incidents/${id}/files?${query}`, counted());
  if (stored.kind === file.kind) return;
  if (file.kind === 'journal')
    throw new UserError(
      'input',
      `${file.path}: is a capture, no journal`,
      'captures are named without --journal',
    );
  throw new UserError('input', `${file.path}: is a journal, no capture`, 'name it with --journal');
}

/** Analyses what has no result, or one of another version. */
async function diagnosed(
  client: ApiClient,
  incident: IncidentDetail,
  line: ProgressLine,
): Promise<IncidentSummary> {
  const { id, state, report } = incident;
  if (state === 'ready' && report?.tool.version === VERSION) {
    printNote(`these files are stored already, as '${incident.title}'`);
    return incident;
  }
  const isUnderway = state === 'queued' || state === 'analysing';
  let now = isUnderway ? incident : await client.post<IncidentSummary>(`/incidents/${id}/analysis`);
  const isOver = (): boolean => now.state !== 'queued' && now.state !== 'analysing';
  const tell = {
    state(summary: IncidentSummary): void {
      now = summary;
      if (summary.state === 'queued') line.say('waiting for another analysis');
    },
    progress: (progress: Progress): void => line.say(describe(progress)),
  };
  while (!isOver()) await client.follow(id, tell, isOver);
  line.erase();
  if (now.state === 'ready') return now;
  throw new UserError('input', now.error ?? 'the files were changed while they were analysed');
}

const VERBS: Record<Progress['phase'], string> = {
  reading: 'analysing',
  judging: 'judging what was found',
  drawing: 'drawing the timeline',
  storing: 'keeping the result',
};

function describe({ phase, file, done, total, frames }: Progress): string {
  const parts = [VERBS[phase]];
  if (file !== null) parts.push(file);
  if (done !== null && total !== null && total > 0) parts.push(`${Math.floor((100 * done) / total)}%`);
  return `${parts.join(' ')}${frames > 0 ? `, ${formatNumber(frames)} frames` : ''}`;
}
