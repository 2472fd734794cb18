/** The published schema of the report, with a validator that is not ours. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { reportSchema } from '../analyzer/index.ts';

/** `strict`: a word of the schema that no draft has is an error, too. */
export const validReport: ValidateFunction = new Ajv2020({ strict: true, allErrors: false }).compile(
  reportSchema(),
);

/** What is wrong, each with its place; none where it is a report. */
export function reportFaults(value: unknown): string[] {
  validReport(value);
  return (validReport.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
