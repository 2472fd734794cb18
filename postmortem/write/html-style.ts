/**
 * The style of the HTML form: light and dark by the reader's system, one column on a screen, A4 on paper.
 * The trap: on paper nothing can be unfolded, and a graph that is cut is no graph.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fff; --stripe: #f5f7f9; --line: #d6dde4; --text: #16202b; --muted: #55616d; --accent: #0b5cc4;
  --data: #132d70; --problem: #b03509; --ack: #0ea96a; --sack: #d540d9; --neutral: #778698;
  --todo: #7c5200; --todo-ground: #fdf3dc;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1419; --stripe: #182028; --line: #2b3641; --text: #e6ebf0; --muted: #9ba8b4; --accent: #74b4ff;
    --data: #0d8cfe; --problem: #f5933a; --ack: #46f3ae; --sack: #deaae9; --neutral: #6c737c;
    --todo: #f0c25c; --todo-ground: #2e2509;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 24px 20px 60px; max-width: 1040px; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
}
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 36px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--line); }
h3 { font-size: 16px; margin: 24px 0 8px; overflow-wrap: anywhere; }
p { margin: 8px 0; overflow-wrap: anywhere; }
a { color: var(--accent); }
code { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", "Liberation Mono", Menlo, monospace; font-size: 0.88em; }
code { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 10px 0; }
table { border-collapse: collapse; min-width: 40%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--muted); font-weight: 600; white-space: nowrap; }
td { min-width: 5.5em; }
td.num, th.num { text-align: right; white-space: nowrap; }
ol.evidence { list-style: none; margin: 10px 0; padding: 0 0 0 14px; border-left: 3px solid var(--line); }
ol.evidence li { margin: 4px 0; overflow-wrap: anywhere; }
ol.evidence li:target { background: var(--todo-ground); }
.kind { color: var(--muted); font-size: 0.9em; }
.shown { color: var(--muted); }
.todo { overflow-wrap: normal; background: var(--todo-ground); color: var(--todo); padding: 0 5px; border-radius: 3px; }
blockquote { margin: 8px 0; padding: 2px 12px; border-left: 3px solid var(--neutral); white-space: pre-wrap; overflow-wrap: anywhere; }
details { margin: 10px 0; }
summary { cursor: pointer; color: var(--accent); }
figure { margin: 16px 0; break-inside: avoid; }
figcaption { color: var(--muted); font-size: 0.92em; margin-top: 4px; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
.defs { position: absolute; width: 0; height: 0; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif; fill: var(--text); }
svg .small { font-size: 11px; fill: var(--muted); }
svg .frame { fill: none; stroke: var(--line); }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .data { fill: none; stroke: var(--data); stroke-width: 1.5; }
svg .problem { fill: none; stroke: var(--problem); stroke-width: 2; }
svg .glyph { font-size: 11px; font-weight: 700; fill: var(--problem); text-anchor: middle; }
svg .ack { fill: none; stroke: var(--ack); stroke-width: 1.5; }
svg .sack { fill: none; stroke: var(--sack); stroke-width: 1.5; }
svg .edge { fill: none; stroke: var(--neutral); stroke-width: 1; stroke-dasharray: 4 3; }
svg .band { fill: url(#hatch); stroke: none; }
svg .band-edge { stroke: var(--problem); stroke-width: 1; stroke-dasharray: 2 2; }
svg .hatch-line { stroke: var(--problem); stroke-width: 1; opacity: 0.4; }
svg .off { fill: url(#blind); }
svg .blind-line { stroke: var(--neutral); stroke-width: 1; opacity: 0.7; }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
@media print {
  @page { size: A4; margin: 14mm; }
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2, h3 { break-after: avoid; }
  tr, li, blockquote { break-inside: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
  table { width: 100%; font-size: 8.5pt; }
  th, td { padding-right: 6px; }
  th { white-space: normal; overflow-wrap: normal; }
  td { min-width: 0; }
  summary { color: inherit; }
  a { color: inherit; text-decoration: none; }
  figure svg { max-height: 240mm; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
`;
