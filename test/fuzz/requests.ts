/**
 * Random requests to the HTTP API: every operation of its table, with ids that are known, wrong or hostile,
 * queries and bodies that are nearly right, and now and then bytes that are no HTTP at all. What holds: no
 * answer is a 5xx, and the server reports no bug.
 */
import { gzipSync } from 'node:zlib';
import { OPERATIONS, QUERY } from '../../server/http/operations.ts';
import { EDGES, pick, type Random } from './mutations.ts';

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | null;
}

/** What the server has: values of `:incident`, `:file`, … that lead somewhere. */
export type KnownIds = Readonly<Record<string, readonly string[]>>;

const HOSTILE = [
  ...[
    '',
    '0',
    '-1',
    '1e9',
    'NaN',
    'null',
    '__proto__',
    'constructor',
    '..',
    '../../etc/passwd',
    '%00',
    '%',
    '%2e%2e%2f',
  ],
  ...[
    "' OR 1=1 --",
    '"',
    '\\',
    '[',
    '(',
    '*',
    '\u202e',
    '\ud800',
    'ÿ',
    '😀',
    'a'.repeat(5000),
    '9'.repeat(400),
  ],
  ...['18446744073709551616', '-9223372036854775808', '9007199254740993', '0x10', ' 1', '1;2', 'c1', 'v0'],
];
const FILTERS = [
  'outcome:hung',
  'stall:>2s',
  '-port:443',
  '10.0.0.7',
  'cause:',
  ':',
  '-',
  'stall:>>',
  'port:99999',
  '"a b',
];
const SORTS = ['stall', 'start', 'outcome', 'cause', 'client', 'bytes', 'asc', 'desc', '1.5'];
const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'application/octet-stream',
  'x',
];

const words = (random: Random): string => {
  switch (random(5)) {
    case 0:
      return pick(random, FILTERS);
    case 1:
      return pick(random, SORTS);
    case 2:
      return String(pick(random, [...EDGES, random(100), random(2 ** 32) - 2 ** 31]));
    case 3:
      return `${pick(random, FILTERS)} ${pick(random, HOSTILE)}`;
    default:
      return pick(random, HOSTILE);
  }
};

/** A request to any operation. `bytes`: what is uploaded. */
export function makeRequest(random: Random, known: KnownIds, bytes: Uint8Array): FuzzRequest {
  const [operation = ''] = pick(random, Object.entries(OPERATIONS));
  const { body: wanted, query = [] } = OPERATIONS[operation]!;
  const [method = 'GET', template = '/'] = operation.split(' ');
  const path = template.replaceAll(/:(\w+)/g, (_, name: string) => {
    const there = known[name] ?? [];
    return random(8) > 0 && there.length > 0 ? pick(random, there) : encoded(words(random), random);
  });
  const names = [...query, ...(random(6) === 0 ? Object.keys(QUERY) : [])].filter(() => random(3) > 0);
  const parts = names.map(
    (name) => `${name}${random(20) === 0 ? '[]' : ''}=${encoded(words(random), random)}`,
  );
  const body = wanted === undefined ? null : wanted === 'bytes' ? bytes : jsonBody(random, known);
  const headers: Record<string, string> = {};
  if (body !== null) headers['content-type'] = random(8) === 0 ? pick(random, TYPES) : 'application/json';
  if (random(20) === 0)
    headers[pick(random, ODD_HEADERS)] = pick(random, ['1', '"1"', '*', 'gzip', 'bytes=0-', 'a, b', '-1']);
  return {
    method: random(30) === 0 ? pick(random, ['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'PATCH']) : method,
    path: parts.length === 0 ? path : `${path}?${parts.join(random(40) === 0 ? ';' : '&')}`,
    headers,
    body: body !== null && random(15) === 0 ? gzipSync(body) : body,
  };
}

const ODD_HEADERS = [
  'if-none-match',
  'content-encoding',
  'range',
  'accept',
  'origin',
  'referer',
  'authorization',
  'expect',
];

/** A path that Node's own client would refuse is of no use. */
const encoded = (text: string, random: Random): string =>
  random(4) === 0 && /^[\x21-\x7e]*$/.test(text)
    ? text.replaceAll('#', '')
    : encodeURIComponent(wellFormed(text));

const FIELDS = [
  'title',
  'keep',
  'vantage',
  'note',
  'at',
  'flow',
  'frame',
  'capture',
  'kind',
  'name',
  'size',
  'sha256',
  'hash',
  't1',
  'incident',
  'collector',
  'first',
  'last',
];

function jsonBody(random: Random, known: KnownIds): Uint8Array {
  const fields = FIELDS.filter(() => random(3) === 0).map((name) => [name, jsonValue(random, known, 0)]);
  let text = JSON.stringify(Object.fromEntries(fields));
  if (random(10) === 0)
    text = pick(random, [
      '',
      'null',
      '[]',
      '"a"',
      '{',
      `${'['.repeat(3000)}`,
      '{"__proto__":{"a":1}}',
      '\ufeff{}',
    ]);
  if (random(10) === 0) text = text.slice(0, random(text.length + 1));
  return new TextEncoder().encode(text);
}

function jsonValue(random: Random, known: KnownIds, depth: number): unknown {
  switch (random(depth > 3 ? 5 : 7)) {
    case 0:
      return pick(random, [null, true, false, 0, -1, 1.5, 1e308, 2 ** 53]);
    case 1:
      return pick(random, EDGES);
    case 2:
      return pick(random, Object.values(known).flat().concat('30d', '1h'));
    case 3:
    case 4:
      return wellFormed(words(random));
    case 5:
      return Array.from({ length: random(4) }, () => jsonValue(random, known, depth + 1));
    default:
      return Object.fromEntries(
        FIELDS.filter(() => random(6) === 0).map((f) => [f, jsonValue(random, known, depth + 1)]),
      );
  }
}

/** The same request as bytes on the wire, some of them changed. */
export function malformed({ method, path, headers, body }: FuzzRequest, random: Random): Uint8Array {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...Object.entries(headers).map((h) => h.join(': ')),
  ];
  const length = random(3) === 0 ? pick(random, [...EDGES, -1]) : (body?.length ?? 0);
  lines.push(
    random(4) === 0 ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    'Connection: close',
    '',
    '',
  );
  const bytes = new TextEncoder().encode(lines.join('\r\n'));
  const copy = new Uint8Array(bytes.length + (body?.length ?? 0));
  copy.set(bytes);
  if (body !== null) copy.set(body, bytes.length);
  for (let n = random(4); n > 0 && copy.length > 0; n--)
    copy[random(Math.min(300, copy.length))] = random(256);
  return copy;
}

/** Lone surrogates have no UTF-8. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
