/**
 * Where in the web page an incident's finding is: at the flow that fared worst, as the headline and
 * the terminal's report have it: worst outcome first, then the longest stall. The form of addresses is
 * `ui/state/route.ts`'s.
 */
import { OUTCOME_ORDER } from '../analyzer/index.ts';
import type { FlowPage } from '../server/api.ts';
import type { ApiClient, ServerAddress } from './api-client.ts';

export async function findingLink(
  client: ApiClient,
  { url, token }: ServerAddress,
  incident: string,
): Promise<string> {
  const flow = await worstFlow(client, incident);
  const place = flow === null ? `#/i/${incident}` : `#/i/${incident}/flow/${flow}`;
  return `${url}/${token === null ? '' : `?token=${encodeURIComponent(token)}`}${place}`;
}

/** Its id; null where nothing happened to any. */
async function worstFlow(client: ApiClient, incident: string): Promise<string | null> {
  const ask = (query: Record<string, string>): Promise<FlowPage> =>
    client.get(`/incidents/${incident}/flows?${new URLSearchParams({ limit: '1', ...query })}`);
  const { facets } = await ask({});
  const worst = OUTCOME_ORDER.find((outcome) => (facets.outcome[outcome] ?? 0) > 0);
  if (worst === undefined || worst === 'unaffected') return null;
  const { rows } = await ask({ q: `outcome:${worst}`, sort: 'stall', order: 'desc' });
  return rows[0]?.id ?? null;
}
