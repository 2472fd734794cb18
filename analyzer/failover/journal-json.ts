/**
 * A line of the gateway's own journal: one JSON object with `time` (ns since the
 * epoch, as a decimal string: a JSON number would lose the last digits), `node`,
 * `event`, and what the event says.
 * The trap: the file comes from elsewhere. Only known fields are read, each is
 * checked, and an event of a later version is kept as a note.
 */
import { type EventDetails, type EventDraft, GATEWAY_EVENTS, keptText } from './journal-event.ts';

export interface GatewayLine {
  readonly event: EventDraft;
  /** Null where the line names none. */
  readonly node: string | null;
  /** Fields that were not what they should be, and are left out. */
  readonly wrongFields: readonly string[];
}

/** 20 digits are what 64 bits can hold, sign apart. */
const TIME = /^-?\d{1,20}$/;

type Fields = Readonly<Record<string, unknown>>;

/** The event of a line, or why it is none. Never throws. */
export function parseGatewayLine(text: string, line: number): GatewayLine | { readonly why: string } {
  const fields = parseObject(text);
  if (fields === null) return { why: 'no JSON object' };
  const { time, event, node = null } = fields;
  if (typeof time !== 'string' || !TIME.test(time))
    return { why: '"time" is no string of ns since the epoch' };
  if (typeof event !== 'string') return { why: '"event" is no string' };
  if (node !== null && typeof node !== 'string') return { why: '"node" is no string' };
  const kind = GATEWAY_EVENTS.find((known) => known === event);
  const { details, wrongFields } = readDetails(fields, kind === 'role');
  const from = BigInt(time);
  const draft: EventDraft =
    kind === undefined
      ? {
          kind: 'note',
          from,
          until: from + 1n,
          line,
          ...details,
          text: keptText(describeUnknown(event, details)),
        }
      : { kind, from, until: from + 1n, line, ...details };
  return { event: draft, node: node === null || node === '' ? null : keptText(node), wrongFields };
}

function parseObject(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    // No JSON, or too deep for the engine.
    return null;
  }
}

const describeUnknown = (event: string, { text }: EventDetails): string =>
  text === undefined ? event : `${event}: ${text}`;

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isDuration = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0;

/** The fields that events have beside `role`'s, each with what it must be. */
const FIELDS: Record<Exclude<keyof EventDetails, 'role'>, (value: unknown) => boolean> = {
  entries: isCount,
  failed: isCount,
  took: isDuration,
  address: isText,
  adapter: isText,
  tuple: isText,
  toward: isText,
  name: isText,
  value: Number.isFinite,
  text: isText,
};

function readDetails(fields: Fields, isRole: boolean): { details: EventDetails; wrongFields: string[] } {
  const wrongFields: string[] = [];
  const details: Record<string, unknown> = {};
  for (const [name, isRight] of Object.entries(FIELDS)) {
    // An own field only: what every object inherits is nobody's evidence.
    if (!Object.hasOwn(fields, name)) continue;
    const value = fields[name];
    if (!isRight(value)) wrongFields.push(name);
    else details[name] = isText(value) ? keptText(value) : value;
  }
  if (isRole)
    details.role = { from: roleName(fields, 'from', wrongFields), to: roleName(fields, 'to', wrongFields) };
  return { details: details as EventDetails, wrongFields };
}

function roleName(fields: Fields, name: 'from' | 'to', wrongFields: string[]): string | null {
  const value = fields[name] ?? null;
  if (isText(value)) return keptText(value);
  if (value !== null) wrongFields.push(name);
  return null;
}
