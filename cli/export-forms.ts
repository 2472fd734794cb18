/** What an incident can be exported as: the ending of the file, and what the server calls it. */

export interface ExportForm {
  readonly ending: string;
  /** `/api/incidents/<id>/export/<name>` */
  readonly name: string;
  readonly what: string;
}

export const EXPORT_FORMS: readonly ExportForm[] = [
  { ending: '.md', name: 'incident.md', what: 'the postmortem as Markdown' },
  { ending: '.html', name: 'incident.html', what: 'the postmortem as one HTML file, with graphs' },
  {
    ending: '.pcapng',
    name: 'annotated.pcapng',
    what: 'the captures in one file, with findings as comments',
  },
  { ending: '.json', name: 'report.json', what: 'the report as JSON' },
];

/** `.md the postmortem as Markdown, …` */
export const describeForms = (): string =>
  EXPORT_FORMS.map(({ ending, what }) => `${ending} ${what}`).join(',\n');

/** By the ending of the file's name. */
export const formOf = (file: string): ExportForm | undefined =>
  EXPORT_FORMS.find(({ ending }) => file.toLowerCase().endsWith(ending));
