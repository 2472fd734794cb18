/**
 * JSON Schema, as much of it as the report and the API need, built so that the compiler compares it with the
 * types: a field that a type has and its schema lacks is an error.
 */

/** Draft 2020-12, as OpenAPI 3.1 has it. */
export interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null';
  readonly const?: string | number | boolean;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly propertyNames?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Whatever T may leave out must be marked so, and nothing else. */
type PropertiesOf<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? Optional : Schema;
};

interface Optional {
  readonly optional: Schema;
}

export const optional = (schema: Schema): Optional => ({ optional: schema });

export function object<T extends object>(properties: PropertiesOf<T>, description?: string): Schema {
  const entries = Object.entries<Schema | Optional>(properties);
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    properties: Object.fromEntries(
      entries.map(([name, one]) => [name, isOptional(one) ? one.optional : one]),
    ),
    required: entries.flatMap(([name, one]) => (isOptional(one) ? [] : [name])),
  };
}

const isOptional = (one: Schema | Optional): one is Optional => 'optional' in one;

export const text = (description?: string): Schema => ({
  type: 'string',
  ...(description !== undefined && { description }),
});
export const number = (description?: string): Schema => ({
  type: 'number',
  ...(description !== undefined && { description }),
});
export const integer = (minimum = 0, description?: string): Schema => ({
  type: 'integer',
  minimum,
  ...(description !== undefined && { description }),
});
export const boolean: Schema = { type: 'boolean' };
export const oneOf = (values: readonly (string | number)[], description?: string): Schema => ({
  enum: values,
  ...(description !== undefined && { description }),
});
export const list = (items: Schema, description?: string): Schema => ({
  type: 'array',
  items,
  ...(description !== undefined && { description }),
});
export const map = (additionalProperties: Schema, propertyNames?: Schema): Schema => ({
  type: 'object',
  additionalProperties,
  ...(propertyNames !== undefined && { propertyNames }),
});
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });

/** Where OpenAPI keeps schemas that are named. */
export const NAMED = '#/components/schemas/';
export const ref = (name: string, description?: string): Schema => ({
  $ref: `${NAMED}${name}`,
  ...(description !== undefined && { description }),
});

/** Whole nanoseconds are more than a number of JSON holds. */
export const nanos: Schema = {
  type: 'string',
  pattern: '^-?\\d{1,20}$',
  description: 'Nanoseconds since the epoch, as a decimal string.',
};
