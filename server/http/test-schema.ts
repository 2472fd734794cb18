/**
 * For tests: what of a value does not fit a schema. Stricter than JSON Schema: a property that is not
 * described is a fault, too.
 */
import { SCHEMAS } from './api-schemas.ts';
import type { Schema } from './schema.ts';

/** The faults, each with its place; none where it fits. */
export function faultsOf(value: unknown, schema: Schema, at = '$'): string[] {
  if (schema.$ref !== undefined) {
    const target = SCHEMAS[schema.$ref.replace('#/components/schemas/', '')];
    return target === undefined ? [`${at}: ${schema.$ref} is no schema`] : faultsOf(value, target, at);
  }
  if (schema.anyOf !== undefined) {
    const all = schema.anyOf.map((one) => faultsOf(value, one, at));
    return all.some((faults) => faults.length === 0) ? [] : (all[0] ?? []);
  }
  return [...faultsOfType(value, schema, at), ...faultsOfParts(value, schema, at)];
}

function faultsOfType(value: unknown, schema: Schema, at: string): string[] {
  const { type, pattern, minimum, maximum } = schema;
  const faults: string[] = [];
  const fault = (what: string): number =>
    faults.push(`${at}: ${JSON.stringify(value)?.slice(0, 60)} ${what}`);
  if (type !== undefined && !isOfType(value, type)) fault(`is no ${type}`);
  if (schema.const !== undefined && value !== schema.const) fault(`is not ${schema.const}`);
  if (schema.enum !== undefined && !schema.enum.some((one) => one === value)) fault('is none of the words');
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(String(value)))
    fault(`does not match ${pattern}`);
  if (minimum !== undefined && Number(value) < minimum) fault(`is less than ${minimum}`);
  if (maximum !== undefined && Number(value) > maximum) fault(`is more than ${maximum}`);
  return faults;
}

function isOfType(value: unknown, type: NonNullable<Schema['type']>): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function faultsOfParts(value: unknown, schema: Schema, at: string): string[] {
  const { items, properties, required = [], additionalProperties, propertyNames } = schema;
  if (Array.isArray(value))
    return value.flatMap((one, i) => (items ? faultsOf(one, items, `${at}[${i}]`) : []));
  if (typeof value !== 'object' || value === null) return [];
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => `${at}.${name} is missing`);
  const entries = Object.entries(value);
  const names = entries.flatMap(([name]) =>
    propertyNames ? faultsOf(name, propertyNames, `${at} key`) : [],
  );
  const inner = entries.flatMap(([name, one]) => {
    const known = properties?.[name] ?? additionalProperties;
    if (known !== undefined) return faultsOf(one, known, `${at}.${name}`);
    return properties === undefined ? [] : [`${at}.${name} is not described`];
  });
  return [...missing, ...names, ...inner];
}
