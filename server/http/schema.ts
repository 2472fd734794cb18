/** The builder of the report's schemas, with which the API's are made, too. */
import { jsonSchema } from '../../analyzer/index.ts';

export type Schema = jsonSchema.Schema;
export const { boolean, integer, list, map, nanos, number, object, oneOf, optional, orNull, ref, text } =
  jsonSchema;
