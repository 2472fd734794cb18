/** Names of the journals of a report, as they are printed. */
import { nameJournals, type Report } from '../../analyzer/index.ts';
import { escapeText } from './escape.ts';

export { formatJournal } from '../../analyzer/index.ts';

/** File, escaped as it is printed, to the name that evidence is labelled with. */
export function journalNames({ flows, failovers, path }: Report): Map<string, string> {
  const claims = [
    ...flows.map((flow) => flow.claims),
    ...failovers.map(({ marks }) => marks),
    path.claims,
  ].flat();
  return new Map([...nameJournals(claims)].map(([file, name]) => [escapeText(file), escapeText(name)]));
}
