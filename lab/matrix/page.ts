/**
 * The matrix as one HTML file that needs nothing else, to be mailed or put on a wiki.
 * The trap: colour alone says nothing to who cannot see it; each cell begins with its word.
 */
import { FATES } from './cells.ts';
import { CLIENTS, SETUPS } from './setups.ts';
import { causeText, fateText, LEGEND, type Matrix } from './table.ts';

export function renderMatrixPage(matrix: Matrix): string {
  const { outages, cells, made } = matrix;
  const clients = CLIENTS.filter(({ id }) => cells.some(({ client }) => client === id));
  const body = SETUPS.filter(({ id }) => cells.some(({ setup }) => setup === id)).flatMap(({ id, title }) => [
    `<tbody><tr><th colspan="${outages.length + 1}" scope="rowgroup"><code>${id}</code> ${escapeHtml(title)}</th></tr>`,
    ...clients.map(({ id: client, title: called }) => {
      const columns = outages.map((outage) => cellHtml(matrix, `${id}/${client}/${outage}s`));
      return `<tr><th scope="row">${client}<small>${escapeHtml(called)}</small></th>${columns.join('')}</tr>`;
    }),
    '</tbody>',
  ]);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>What a failover does to clients</title>
<style>${CSS}</style></head>
<body><main>
<h1>What a failover does to clients</h1>
<p>Measured ${escapeHtml(made)} by <code>diagnose lab matrix</code>. In each cell first what the client saw, then what the diagnosis says of the connection that it had when the path was lost.</p>
<ul>${FATES.map((fate) => `<li class="${fate}">${escapeHtml(LEGEND[fate].replace(/ {2,}/, ': '))}</li>`).join('')}</ul>
<table>
<thead><tr><th scope="col">client</th>${outages.map((outage) => `<th scope="col">outage ${outage} s</th>`).join('')}</tr></thead>
${body.join('\n')}
</table>
</main></body></html>
`;
}

function cellHtml({ cells }: Matrix, id: string): string {
  const cell = cells.find((one) => one.id === id);
  if (cell === undefined) return '<td>not run</td>';
  return `<td id="${id}" class="${cell.fate}" title="${escapeHtml(`${id}: it said ${cell.said}`)}"><b>${escapeHtml(fateText(cell))}</b><small>${escapeHtml(causeText(cell))}</small></td>`;
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const CSS = `
:root{color-scheme:light dark;--ground:#fff;--text:#16202b;--muted:#55616d;--line:#d6dde4;--good:#e6f5ee;--bad:#fcefe9;--mid:#fdf3dc;--stripe:#f5f7f9}
@media (prefers-color-scheme:dark){:root{--ground:#0f1419;--text:#e6ebf0;--muted:#9ba8b4;--line:#2b3641;--good:#0e2c20;--bad:#33210f;--mid:#2e2509;--stripe:#182028}}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.45 system-ui,"Segoe UI","Liberation Sans",Arial,sans-serif}
main{max-width:64rem;margin:auto;padding:1.5rem}
h1{font-size:1.5rem}
ul{list-style:none;padding:0;display:grid;gap:.25rem}
li{padding:.15rem .5rem;border-inline-start:.35rem solid var(--line)}
table{border-collapse:collapse;width:100%}
th,td{text-align:start;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
thead th{position:sticky;top:0;background:var(--ground)}
th[scope=rowgroup]{padding-top:1.2rem;background:var(--stripe)}
th[scope=row]{font-weight:600}
small{display:block;color:var(--muted);font-weight:400;font-size:.85em}
.unharmed{background:var(--good)}.again{background:var(--mid)}.fails,.waits{background:var(--bad)}
@media print{thead th{position:static}}
`;
