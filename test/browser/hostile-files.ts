/**
 * A capture and a journal in which every text that the format allows is an attack on whoever shows it: markup,
 * scripts, links, control characters, overrides of the direction of writing, texts of 64 KB. Beside the
 * attacks it is an honest incident, so that every screen has something to show.
 * The trap: an attack that is cut off before it begins proves nothing; each stands at the front of its text.
 */
import { createPcapngWriter, type PcapngWriter } from '../../packet/file/pcapng-writer.ts';
import { buildTcp, type TcpFrame } from '../../packet/wire/build.ts';
import type { GivenFile } from './incident-files.ts';

/** Each would set `ran` in the page, or ask another place for something. */
export const ATTACKS = [
  '<img src=x onerror="window.ran=1">',
  '<script>window.ran=1</script>',
  '"><svg onload="window.ran=1">',
  '<iframe srcdoc="<script>parent.ran=1</script>"></iframe>',
  'javascript:window.ran=1',
  '[look](javascript:window.ran=1)',
  '![shot](http://attacker.example/shot.png)',
  '</style><style>@import "http://attacker.example/a.css";</style>',
  '\u202egnp.exe\u2066',
  '\u001b[31mred\u0007\u0008\u0000\r\n# forged',
  '=HYPERLINK("http://attacker.example")',
] as const;

const IMAGE = ATTACKS[0];
/** As long as an option can be, the attack first and last. */
const LONG = `${ATTACKS[1]}${'long '.repeat(12_000)}${IMAGE}`;
const ALL = ATTACKS.join(' ');

/** No slash: a file's name has none. */
export const HOSTILE_NAME = '<img src=x onerror="window.ran=1"> \u202egnp.client.pcapng';
export const HOSTILE_JOURNAL = '"><svg onload="window.ran=1">-node-b.jsonl';
/** What the frame with the request must be seen to hold, as text. */
export const REQUEST_LINE = `GET /${IMAGE} HTTP/1.1`;
export const FIRST_COMMENT = `comment of the request ${IMAGE}`;

const START = 1_790_000_000_000_000_000n;
const CLIENT = '10.1.0.10';
const SERVER = '10.2.0.10';
const MSS = 1400;
const at = (milliseconds: number): bigint => START + BigInt(Math.round(milliseconds * 1000)) * 1000n;

export function hostileFiles(): GivenFile[] {
  return [
    { name: HOSTILE_NAME, bytes: hostileCapture() },
    { name: HOSTILE_JOURNAL, bytes: new TextEncoder().encode(hostileJournal()) },
  ];
}

function hostileCapture(): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = createPcapngWriter((chunk) => chunks.push(chunk), {
    comments: [IMAGE, ALL, LONG],
    hardware: ATTACKS[1],
    os: ATTACKS[2],
    application: LONG,
  });
  writer.addInterface({
    name: IMAGE,
    description: ALL,
    filter: ATTACKS[1],
    os: ATTACKS[2],
    hardware: ATTACKS[3],
    comments: [IMAGE, LONG],
  });
  writer.names([
    [Uint8Array.of(10, 1, 0, 10), [IMAGE]],
    [Uint8Array.of(10, 2, 0, 10), [`${ATTACKS[2]}.example.net`]],
  ]);
  talk(writer);
  writer.statistics({ time: at(30_000), received: 60n, interfaceDropped: 0n, comments: [IMAGE] });
  return new Uint8Array(Buffer.concat(chunks));
}

/** A download that stands still for six seconds, then goes on and ends. */
function talk(writer: PcapngWriter): void {
  const ends = { client: 1000, server: 9000 };
  const send = (fromClient: boolean, milliseconds: number, fields: TcpFrame, comments?: string[]): void => {
    const isOpening = typeof fields.flags === 'string' && /SYN|FIN/.test(fields.flags);
    const data = buildTcp({
      source: fromClient ? CLIENT : SERVER,
      destination: fromClient ? SERVER : CLIENT,
      sourcePort: fromClient ? 40_000 : 80,
      destinationPort: fromClient ? 80 : 40_000,
      ttl: fromClient ? 64 : 62,
      seq: fromClient ? ends.client : ends.server,
      ack: fields.flags === 'SYN' ? 0 : fromClient ? ends.server : ends.client,
      ...fields,
    });
    writer.packet({ time: at(milliseconds), data, ...(comments === undefined ? {} : { comments }) });
    const { payload = 0 } = fields;
    const length = typeof payload === 'number' ? payload : Buffer.byteLength(payload as string);
    const moved = length + (isOpening ? 1 : 0);
    if (fromClient) ends.client += moved;
    else ends.server += moved;
  };
  send(true, 0, { flags: 'SYN', options: { mss: 1460 } }, [LONG]);
  send(false, 1, { flags: 'SYN ACK', options: { mss: 1460 } });
  send(true, 2, { flags: 'ACK' });
  send(true, 3, { flags: 'PSH ACK', payload: request() }, [FIRST_COMMENT, ALL, LONG]);
  send(false, 4, { flags: 'ACK' });
  send(false, 5, { flags: 'PSH ACK', payload: answer() }, [IMAGE]);
  send(true, 6, { flags: 'ACK' });
  for (let step = 0; step < 40; step++) {
    const later = step < 20 ? 0 : 6000;
    send(false, 10 + step + later, { flags: 'ACK', payload: MSS }, [ATTACKS[step % ATTACKS.length]!]);
    send(true, 10.5 + step + later, { flags: 'ACK' });
  }
  send(false, 6100, { flags: 'FIN ACK' });
  send(true, 6101, { flags: 'FIN ACK' });
  send(false, 6102, { flags: 'ACK' });
}

const request = (): string =>
  [REQUEST_LINE, `Host: ${ATTACKS[2]}`, `User-Agent: ${ALL.replace(/[\r\n]/g, ' ')}`, '', ''].join('\r\n');

/** The length is of more than comes before the pause. */
const answer = (): string =>
  [
    `HTTP/1.1 200 ${IMAGE}`,
    `Server: ${ATTACKS[1]}`,
    `Content-Length: ${40 * MSS}`,
    'Content-Type: text/html',
    '',
    '',
  ].join('\r\n');

function hostileJournal(): string {
  const lines = [
    { event: 'role', from: IMAGE, to: ATTACKS[1] },
    { event: 'note', text: ALL },
    { event: ATTACKS[2], text: IMAGE },
    { event: 'address-up', address: IMAGE, adapter: ATTACKS[1] },
    { event: 'state-committed', entries: 1, text: ATTACKS[3] },
    { event: 'forwarding-on', text: ATTACKS[4] },
    { event: 'note', text: LONG.slice(0, 30_000) },
  ];
  const json = lines.map((fields, index) =>
    JSON.stringify({ time: String(at(1000 + 200 * index)), node: `node-b${IMAGE}`, ...fields }),
  );
  return `${[...json, `${IMAGE} is no line of any journal`, `{"broken": ${ATTACKS[1]}`].join('\n')}\n`;
}
