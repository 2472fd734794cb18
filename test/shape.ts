/**
 * Small checkers of plain data, put together into the shape of a document. Each
 * gets a value and where it stands, and tells what is wrong with it.
 * A field that the shape does not name is wrong as well: a misspelt one would
 * otherwise pass for an absent one.
 */

/** What is wrong, each with its place: `flows[3].stalls[0].duration: NaN is no finite number`. */
export type Check = (value: unknown, at: string) => string[];

const show = (value: unknown): string =>
  typeof value === 'number' || value === undefined
    ? String(value)
    : (JSON.stringify(value)?.slice(0, 60) ?? '?');

const when = (holds: (value: unknown) => boolean, what: string): Check => {
  return (value, at) => (holds(value) ? [] : [`${at}: ${show(value)} is no ${what}`]);
};

export const text = when((v) => typeof v === 'string', 'text');
export const sentence = when((v) => typeof v === 'string' && v.trim() !== '', 'sentence');
export const flag = when((v) => typeof v === 'boolean', 'boolean');
export const number = when((v) => Number.isFinite(v), 'finite number');
export const duration = when((v) => Number.isFinite(v) && (v as number) >= 0, 'duration');
export const count = when((v) => Number.isSafeInteger(v) && (v as number) >= 0, 'count');
export const port = when((v) => Number.isInteger(v) && (v as number) >= 0 && (v as number) < 65_536, 'port');

export const matching = (pattern: RegExp, what: string): Check =>
  when((v) => typeof v === 'string' && pattern.test(v), what);

export const among = (values: readonly unknown[]): Check =>
  when((v) => values.includes(v), `one of ${values.join(', ')}`);

export const orNull = (check: Check): Check => {
  return (value, at) => (value === null ? [] : check(value, at));
};

export const listOf = (check: Check): Check => {
  return (value, at) => {
    if (!Array.isArray(value)) return [`${at}: ${show(value)} is no list`];
    return value.flatMap((item, i) => check(item, `${at}[${i}]`));
  };
};

/** Any keys, the same kind of value each. */
export const mapOf = (key: Check, check: Check): Check => {
  return (value, at) => {
    if (!isRecord(value)) return [`${at}: ${show(value)} is no object`];
    return Object.entries(value).flatMap(([k, v]) => [...key(k, `${at} key`), ...check(v, `${at}.${k}`)]);
  };
};

/** An object with all of `fields`, perhaps some of `optional`, and nothing else. */
export const objectOf = (fields: Record<string, Check>, optional: Record<string, Check> = {}): Check => {
  return (value, at) => {
    if (!isRecord(value)) return [`${at}: ${show(value)} is no object`];
    const missing = Object.keys(fields).filter((name) => !(name in value));
    const unknown = Object.keys(value).filter((name) => !(name in fields) && !(name in optional));
    return [
      ...missing.map((name) => `${at}.${name} is missing`),
      ...unknown.map((name) => `${at}.${name} is not in the contract`),
      ...Object.entries({ ...fields, ...optional }).flatMap(([name, check]) =>
        name in value ? check(value[name], `${at}.${name}`) : [],
      ),
    ];
  };
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
