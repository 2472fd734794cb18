/**
 * `diagnose explain [CAUSE]`: the page of a cause, or the list of all. The
 * pages are `docs/causes/<id>.md`, printed as they are written.
 */
import { CAUSE_IDS, CAUSE_PHRASES, type CauseId } from '../analyzer/index.ts';
import { readPackageFile } from './package-files.ts';
import { wrapAfter } from './render/layout.ts';
import { nearestWord } from './suggest.ts';
import { UserError } from './user-error.ts';

/** The text to print. @throws UserError `usage` for an unknown cause */
export function explainCause(cause: string | undefined): string {
  if (cause === undefined) return listCauses();
  const id = CAUSE_IDS.find((known) => known === cause.toLowerCase());
  if (!id) {
    const nearest = nearestWord(cause, CAUSE_IDS);
    const hint = nearest
      ? `did you mean 'diagnose explain ${nearest}'?`
      : "'diagnose explain' lists all causes";
    throw new UserError('usage', `there is no cause '${cause}'`, hint);
  }
  return readPage(id);
}

function readPage(id: CauseId): string {
  const page = readPackageFile('docs', 'causes', `${id}.md`);
  if (page === null) throw new UserError('input', `docs/causes/${id}.md is missing from this installation`);
  return page.endsWith('\n') ? page : `${page}\n`;
}

function listCauses(): string {
  const width = Math.max(...CAUSE_IDS.map((id) => id.length));
  const rows = CAUSE_IDS.flatMap((id) => wrapAfter(`${id.padEnd(width)}  `, CAUSE_PHRASES[id], 80));
  return `${rows.join('\n')}\n`;
}
