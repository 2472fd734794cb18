/**
 * The filter of the flow table: terms that must all hold, as SQL.
 *
 *   outcome:hung,reset   cause:rto-backoff (or verdict:)   candidate:loss   stall-cause:zero-window
 *   confidence:low       protocol:udp     port:443         seen:node-b      seen:!node-b
 *   stall:>2s            outage: backoff: likewise         retransmits:>3   bytes:>1M
 *   client:10.0.0.7      server:          id:f0123456789   -key:value turns any of them round
 *
 * Anything else is looked for in addresses and ports. `cause:none` is a flow without one.
 * The trap: what the user wrote reaches SQLite as a value only, with the wildcards of LIKE escaped.
 */
import { CAUSE_IDS, OUTCOMES } from '../../analyzer/index.ts';
import { ServerError } from '../server-error.ts';
import type { SqlValue } from './connection.ts';
import { parseSpan } from './span.ts';

export interface FlowCondition {
  /** Of the table `flows`; `1` where nothing is asked. */
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Terms are short; this is a filter, not a document. */
const MOST_TERMS = 50;

type Parser = (value: string, term: string) => FlowCondition;

const KEYS: Record<string, Parser> = {
  outcome: (value, term) => oneOf('outcome', OUTCOMES, value, term),
  cause,
  verdict: cause,
  candidate: (value, term) =>
    anyOf(known([...CAUSE_IDS], value, term).map((id) => like('candidates', ` ${id} `))),
  'stall-cause': (value, term) => {
    const ids = known([...CAUSE_IDS], value, term);
    const sql = `EXISTS (SELECT 1 FROM stalls WHERE stalls.run = flows.run AND stalls.flow = flows.number AND stalls.cause IN (${places(ids)}))`;
    return { sql, values: ids };
  },
  confidence: (value, term) => oneOf('confidence', ['low', 'medium', 'high'], value, term),
  protocol: (value, term) => oneOf('protocol', ['tcp', 'udp'], value, term),
  port,
  seen: (value) => anyOf([like('seen', ` ${value} `), like('seen', ` ${value}.`)]),
  stall: (value, term) => compared('stall', value, term, parseSpan, 'a time such as 2s'),
  outage: (value, term) => compared('outage', value, term, parseSpan, 'a time such as 2s'),
  backoff: (value, term) => compared('backoff', value, term, parseSpan, 'a time such as 2s'),
  retransmits: (value, term) => compared('retransmits', value, term, parseCount, 'a number'),
  bytes: (value, term) => compared('bytes', value, term, parseBytes, 'a size such as 1M'),
  client: (value) => like('client', value),
  server: (value) => like('server', value),
  id: (value) => ({ sql: 'id = ?', values: [value] }),
};

/** @throws ServerError `bad-request` that names the wrong term */
export function parseFlowFilter(q: string): FlowCondition {
  const terms = q.split(/\s+/).filter((term) => term !== '');
  if (terms.length > MOST_TERMS)
    throw new ServerError('bad-request', `the filter has more than ${MOST_TERMS} terms`);
  return joined(terms.map(parseTerm), ' AND ');
}

function parseTerm(term: string): FlowCondition {
  const isNegative = term.length > 1 && term.startsWith('-');
  const body = isNegative ? term.slice(1) : term;
  const [, key, said] = /^([a-z]+(?:-[a-z]+)*):(.*)$/i.exec(body) ?? [];
  const parse = key === undefined ? undefined : own(key.toLowerCase());
  // Hexadecimal groups of IPv6 may be letters only.
  if (key === undefined || said === undefined || (parse === undefined && /^[\da-f:.]+$/i.test(body))) {
    return turned(like('tuples', body), isNegative);
  }
  if (parse === undefined) {
    throw wrong(term, `there is no '${key}'`, `keys: ${Object.keys(KEYS).join(', ')}`);
  }
  const isNot = said.startsWith('!');
  const value = isNot ? said.slice(1) : said;
  if (value === '') throw wrong(term, 'nothing follows the colon');
  return turned(parse(value, term), isNegative !== isNot);
}

const own = (key: string): Parser | undefined => (Object.hasOwn(KEYS, key) ? KEYS[key] : undefined);

function cause(value: string, term: string): FlowCondition {
  const ids = known([...CAUSE_IDS, 'none'], value, term);
  const conditions = ids.map(
    (id): FlowCondition =>
      id === 'none' ? { sql: 'cause IS NULL', values: [] } : { sql: 'cause IS ?', values: [id] },
  );
  return anyOf(conditions);
}

function port(value: string, term: string): FlowCondition {
  const ports = value.split(',').map((text) => {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw wrong(term, `'${text}' is no port`);
    return Number(text);
  });
  const list = places(ports);
  return { sql: `(client_port IN (${list}) OR server_port IN (${list}))`, values: [...ports, ...ports] };
}

/** A number alone means at least so much: nobody looks for a stall of exactly 2 s. */
function compared(
  column: string,
  value: string,
  term: string,
  parse: (text: string) => number | null,
  what: string,
): FlowCondition {
  const [, operator = '', rest = ''] = /^(>=|<=|>|<|=|)(.*)$/.exec(value) ?? [];
  const number = parse(rest);
  if (number === null) throw wrong(term, `'${rest}' is not ${what}`);
  // What a flow does not have is neither more nor less.
  return {
    sql: `(${column} IS NOT NULL AND ${column} ${operator || '>='} ?)`,
    values: [number],
  };
}

const parseCount = (text: string): number | null => (/^\d{1,15}$/.test(text) ? Number(text) : null);

function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)b?$/i.exec(text);
  if (match === null) return null;
  return Number(match[1]) * 1000 ** ' kmg'.indexOf((match[2] || ' ').toLowerCase());
}

function oneOf(column: string, all: readonly string[], value: string, term: string): FlowCondition {
  const values = known(all, value, term);
  return { sql: `${column} IN (${places(values)})`, values };
}

/** The words of a list with commas, each of which must be one of `all`. */
function known(all: readonly string[], value: string, term: string): string[] {
  return value.split(',').map((word) => {
    const found = all.find((one) => one === word.toLowerCase());
    if (found === undefined) throw wrong(term, `there is no '${word}'`, `one of: ${all.join(', ')}`);
    return found;
  });
}

function like(column: string, text: string): FlowCondition {
  return { sql: `${column} LIKE ? ESCAPE '\\'`, values: [`%${text.replace(/[\\%_]/g, '\\$&')}%`] };
}

const anyOf = (conditions: readonly FlowCondition[]): FlowCondition => joined(conditions, ' OR ');

function joined(conditions: readonly FlowCondition[], operator: ' AND ' | ' OR '): FlowCondition {
  if (conditions.length === 0) return { sql: '1', values: [] };
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(operator)})`,
    values: conditions.flatMap(({ values }) => values),
  };
}

const turned = ({ sql, values }: FlowCondition, isNegative: boolean): FlowCondition =>
  isNegative ? { sql: `NOT (${sql})`, values } : { sql, values };

const places = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

function wrong(term: string, why: string, hint = ''): ServerError {
  return new ServerError('bad-request', `the filter's term '${term}' is not understood: ${why}`, hint);
}
