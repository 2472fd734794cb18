/**
 * The incident that already holds the very same files: the same bytes, names and vantages, in any
 * order. Files are hashed only where an incident has as many files of the same size together.
 */
import type { IncidentDetail, IncidentSummary, StoredFile } from '../server/api.ts';
import type { ApiClient } from './api-client.ts';

type Identity = Pick<StoredFile, 'kind' | 'name' | 'vantage' | 'sha256'>;

export interface Wanted {
  readonly files: number;
  /** Bytes of all together. */
  readonly size: number;
  /** An incident that does not count. */
  readonly except?: string;
  readonly identities: () => Promise<readonly Identity[]>;
}

/** One that has a result rather than one that has none, then the newest. */
export async function findTwin(client: ApiClient, wanted: Wanted): Promise<IncidentDetail | null> {
  const { incidents } = await client.get<{ incidents: IncidentSummary[] }>('/incidents');
  const alike = incidents.filter(
    ({ id, files, size }) => id !== wanted.except && files === wanted.files && size === wanted.size,
  );
  if (alike.length === 0) return null;
  const fingerprint = fingerprintOf(await wanted.identities());
  let twin: IncidentDetail | null = null;
  for (const { id } of alike) {
    const detail = await client.get<IncidentDetail>(`/incidents/${id}`);
    if (fingerprintOf(detail.storedFiles) !== fingerprint) continue;
    if (detail.state === 'ready') return detail;
    twin ??= detail;
  }
  return twin;
}

const fingerprintOf = (files: readonly Identity[]): string =>
  files
    .map(({ kind, name, vantage, sha256 }) => JSON.stringify([kind, name, vantage, sha256]))
    .sort()
    .join('\n');
