/**
 * The decoded layers of one packet at several vantages as one table: a row a field, a column a sighting.
 * The trap: a layer (a tunnel's outer IP) or a field may be there twice, or at one vantage only.
 */
import type { DecodedLayer } from '../../analyzer/index.ts';

/** What each capture has of its own, such as the number: it differs always and says nothing. */
const CAPTURE_LAYER = 'Frame';

export interface FieldRow {
  readonly name: string;
  /** null: that sighting has no such field. */
  readonly values: readonly (string | null)[];
  /** Two sightings that have it do not agree. */
  readonly differs: boolean;
}

export interface LayerRows {
  readonly name: string;
  readonly rows: readonly FieldRow[];
}

export function compareLayers(sightings: readonly (readonly DecodedLayer[])[]): LayerRows[] {
  const numbered = sightings.map((layers) => number(layers, ({ name }) => name));
  return mergeKeys(numbered.map((layers) => [...layers.keys()])).map((key) => {
    const own = numbered.map((layers) => layers.get(key) ?? null);
    const name = own.find((layer) => layer !== null)?.name ?? '';
    return { name, rows: compareFields(own, name === CAPTURE_LAYER) };
  });
}

function compareFields(layers: readonly (DecodedLayer | null)[], isOwn: boolean): FieldRow[] {
  const numbered = layers.map((layer) => number(layer?.fields ?? [], ({ name }) => name));
  return mergeKeys(numbered.map((fields) => [...fields.keys()])).map((key) => {
    const own = numbered.map((fields) => fields.get(key) ?? null);
    const values = own.map((field) => field?.value ?? null);
    return {
      name: own.find((field) => field !== null)?.name ?? '',
      values,
      differs: !isOwn && new Set(values.filter((value) => value !== null)).size > 1,
    };
  });
}

/** By name and how often that name has come before. */
function number<T>(list: readonly T[], nameOf: (one: T) => string): Map<string, T> {
  const seen = new Map<string, number>();
  return new Map(
    list.map((one) => {
      const name = nameOf(one);
      const times = seen.get(name) ?? 0;
      seen.set(name, times + 1);
      return [`${name}\0${times}`, one];
    }),
  );
}

/** All keys in an order that keeps each list's own as far as they agree. */
function mergeKeys(lists: readonly (readonly string[])[]): string[] {
  const merged: string[] = [];
  for (const list of lists) {
    let at = 0;
    for (const key of list) {
      const known = merged.indexOf(key);
      if (known < 0) merged.splice(at++, 0, key);
      else at = known + 1;
    }
  }
  return merged;
}
