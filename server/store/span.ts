/** Spans of time as people write them: `90s`, `500ms`, `30m`, `12h`, `30d`, `2w`. */

const UNITS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds; a number alone is seconds. Null where it is no span. */
export function parseSpan(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|[smhdw])?$/i.exec(text.trim());
  if (match === null) return null;
  return Number(match[1]) * (UNITS[(match[2] ?? 's').toLowerCase()] as number);
}
