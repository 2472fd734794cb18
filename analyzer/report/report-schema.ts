/**
 * The JSON Schema of the report as it is published (`docs/report.schema.json`): the schemas that the compiler holds
 * against the types, under names of its own.
 */
import { NAMED, type Schema } from './json-schema.ts';
import { REPORT_SCHEMAS } from './report-schemas.ts';

export interface ReportSchema {
  readonly $schema: string;
  readonly $id: string;
  readonly title: string;
  readonly description: string;
  readonly $ref: string;
  readonly $defs: Readonly<Record<string, Schema>>;
}

const DESCRIPTION = `What \`diagnose --json\` prints. Within schemaVersion 1 it may grow: by optional properties, and by words of an enumeration (a new cause), never otherwise. So properties that are not described here are allowed, and a reader passes over them; a word that is not listed is of a newer Stallscope, whose \`diagnose schema\` knows it. Times are decimal strings of nanoseconds since the epoch; durations are numbers of seconds; null: not known.`;

/** Draft 2020-12. The id is a name, not an address: nothing is to be fetched. */
export function reportSchema(): ReportSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:stallscope:report:1',
    title: 'Stallscope report',
    description: DESCRIPTION,
    ...placed({ $ref: `${NAMED}Report`, $defs: REPORT_SCHEMAS }),
  };
}

/** The same with references to where a schema of its own keeps what is named. */
function placed<T>(schema: T): T {
  const text = JSON.stringify(schema, (key, value) =>
    key === '$ref' && typeof value === 'string' ? value.replace(NAMED, '#/$defs/') : value,
  );
  return JSON.parse(text) as T;
}
