/**
 * The published JSON Schema: in step with its source, and as strict as the contract. A validator that is not ours
 * takes real reports, and refuses one in which anything that must be there is taken out or spoilt.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type jsonSchema, type Report, reportSchema } from '../analyzer/index.ts';
import { reportFaults } from './report-validator.ts';
import { allScenarios, diagnose } from './scenarios/scenario.ts';

type Schema = jsonSchema.Schema;
type Node = Record<string, unknown>;

const schema = reportSchema();

/** Several captures, one of a proxy: between them most of what a report can hold. */
const reports: Report[] = allScenarios()
  .filter(({ name }) => /^(?:mixed-24|f-tproxy|never-back-download|b-strict-ka5)$/.test(name))
  .map((scenario) => diagnose(scenario, scenario.captures));

/** Every object of a report with the schema that it must fit. */
interface Place {
  readonly report: number;
  readonly path: readonly (string | number)[];
  readonly schema: Schema;
}

const resolved = (one: Schema): Schema =>
  one.$ref === undefined ? one : (schema.$defs[one.$ref.replace('#/$defs/', '')] ?? {});

function* placesOf(value: unknown, given: Schema, report: number, path: Place['path']): Generator<Place> {
  const one = given.anyOf === undefined ? resolved(given) : resolved(given.anyOf[0] ?? {});
  if (value === null || value === undefined) return;
  yield { report, path, schema: one };
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* placesOf(item, one.items ?? {}, report, [...path, i]);
  } else if (typeof value === 'object') {
    for (const [name, inner] of Object.entries(one.properties ?? {}))
      yield* placesOf((value as Node)[name], inner, report, [...path, name]);
  }
}

const places = reports.flatMap((report, i) => [...placesOf(report, { $ref: schema.$ref }, i, [])]);

/** The report again, with what stands at the path replaced, or taken out. */
function spoilt(
  { report, path }: Place,
  replace: (old: unknown, holder: Node, key: string | number) => void,
): unknown {
  const copy = { whole: structuredClone(reports[report]) } as Node;
  let holder = copy;
  const steps = ['whole', ...path];
  for (const step of steps.slice(0, -1)) holder = holder[step] as Node;
  const last = steps.at(-1) ?? 'whole';
  replace(holder[last], holder, last);
  return copy.whole;
}

test('docs/report.schema.json is what `diagnose schema` prints', () => {
  expect(readFileSync('docs/report.schema.json', 'utf8')).toBe(`${JSON.stringify(schema, null, 2)}\n`);
});

test('it takes the reports, and fields that they have not grown yet', () => {
  for (const report of reports) expect(reportFaults(report)).toEqual([]);
  const grown = places
    .filter((place) => place.schema.properties !== undefined)
    .filter((_, i) => i % 997 === 0);
  expect(grown.length).toBeGreaterThan(2);
  for (const place of grown) {
    const report = spoilt(place, (old) => Object.assign(old as Node, { grown: 1 }));
    expect(reportFaults(report), place.path.join('.')).toEqual([]);
  }
});

describe('it refuses', () => {
  /** One place for each required field of each schema, so that none is left to chance. */
  const required = new Map<string, { place: Place; field: string }[]>();
  for (const place of places)
    for (const field of place.schema.required ?? []) {
      const key = `${place.path.filter((step) => typeof step === 'string').join('.')} ${field}`;
      required.set(key, [...(required.get(key) ?? []), { place, field }].slice(0, 40));
    }
  const cases = [...required];

  test('a report without a field that is required, wherever that is', () => {
    expect(cases.length).toBeGreaterThan(100);
    for (const [key, [first]] of cases) {
      const { place, field } = first!;
      const report = spoilt(place, (old) => delete (old as Node)[field]);
      expect(reportFaults(report).join(), key).toContain(`must have required property '${field}'`);
    }
  });

  /** No field of a report may hold any of these but by its type. */
  const odd = fc.constantFrom<unknown>(true, 1.5, -1, 'no such word', [], {}, [1], { id: 1 });

  test('a value of another type or an unknown word, wherever that is', () => {
    const leaves = places.filter(({ path }) => path.length > 0);
    fc.assert(
      fc.property(fc.constantFrom(...leaves), odd, (place, value) => {
        fc.pre(!fits(value, place.schema));
        const report = spoilt(place, (_, holder, key) => {
          holder[key as string] = value;
        });
        expect(reportFaults(report), place.path.join('.')).not.toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    [
      'a number where a decimal string is due',
      (r: Report) => Object.assign(r.flows[0]!, { start: 1795345622 }),
    ],
    ['an unknown outcome', (r: Report) => Object.assign(r.flows[0]!, { outcome: 'fine' })],
    ['an unknown cause', (r: Report) => Object.assign(r.causes[0]!, { id: 'gremlins' })],
    ['a frame 0', (r: Report) => Object.assign(r.flows[0]!.claims[0]!.frames[0]!, { frame: 0 })],
    ['another version', (r: Report) => Object.assign(r, { schemaVersion: 2 })],
  ])('%s', (_, change) => {
    const report = structuredClone(reports[0]!);
    change(report);
    expect(reportFaults(report)).not.toEqual([]);
  });
});

/** May be valid, by the type alone. */
function fits(value: unknown, { type, enum: words, const: only, properties, required }: Schema): boolean {
  if (words !== undefined || only !== undefined) return false;
  switch (type) {
    case 'array':
      return Array.isArray(value) && value.length === 0;
    case 'integer':
      return false;
    case 'object':
      // A map, such as `streams`, takes any names; and what requires nothing takes what holds nothing.
      return (
        typeof value === 'object' &&
        !Array.isArray(value) &&
        (properties === undefined || (required ?? []).length === 0)
      );
    case 'string':
      return typeof value === 'string';
    default:
      return typeof value === type;
  }
}
