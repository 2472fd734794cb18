/**
 * An incident that was made up, as the views know it: a bulk transfer through node-a, which stops; retransmissions
 * that reach node-b, which does not forward them yet; the fourth one gets through. With its neighbours' traffic.
 * One thing of every kind is in it, and how many frames the bulk has can be chosen.
 */
import {
  type End,
  type Journey,
  type JourneyStop,
  Mark,
  type TimelineVantage,
} from '../../../analyzer/index.ts';
import type { FlowDetail, IncidentDetail } from '../../../server/api.ts';
import type { MadeUpFrame } from '../../made-up-timeline.ts';

export const MS = 1e6;
const ORIGIN = 1_746_367_325_000_000_000n;
export const T0 = 6204 * MS;
const RESTORED = T0 + 1883 * MS;
const RESUMED = T0 + 3064 * MS;
const END = 14_000 * MS;
const SEGMENT = 1460;
const ROOM = 65_160;

const NAMES = [
  ['client', 'client'],
  ['node-a', 'node'],
  ['node-b', 'node'],
  ['server', 'server'],
] as const;

/** From client to server: when a packet sent at 0 passes each. */
const PASSES = [0, 0.31, 0.33, 0.58].map((ms) => ms * MS);

export interface MadeUpIncident {
  readonly detail: IncidentDetail;
  readonly flow: FlowDetail;
  /** By the lane's name, in the order of time. */
  readonly lanes: ReadonlyMap<string, MadeUpFrame[]>;
  readonly journeys: readonly Journey[];
}

class Recorder {
  readonly lanes = new Map<string, MadeUpFrame[]>();
  readonly journeys: Journey[] = [];
  readonly #frames = [0, 0, 0, 0];

  /** `stops`: vantages that see it; `lost`: the one that should have. */
  send(
    from: End,
    at: number,
    frame: Omit<MadeUpFrame, 'time' | 'frame'>,
    stops: number[],
    lost: number[] = [],
    label = '',
  ): void {
    const isClient = from === 'client';
    const way = [...stops, ...lost].sort((a, b) => (isClient ? a - b : b - a));
    const seen: JourneyStop[] = way.map((vantage) => {
      if (lost.includes(vantage)) return { vantage, seen: vantage === 3 ? 'unknown' : 'missing' };
      const time = Math.round(at + (isClient ? PASSES[vantage]! : PASSES[3]! - PASSES[vantage]!));
      const number = ++this.#frames[vantage]!;
      this.#push(`v${vantage}.f1.${isClient ? 'c' : 's'}`, { ...frame, time, frame: number });
      this.#push(`v${vantage}`, { ...frame, time, frame: number });
      return { vantage, seen: 'seen', frame: { capture: `c${vantage + 1}`, frame: number }, time };
    });
    const { seq, ack, length } = frame;
    this.journeys.push({
      from,
      time: Math.round(at),
      seq,
      ack,
      length,
      flags: length > 0 ? 'PSH ACK' : 'ACK',
      label,
      stops: seen,
    });
  }

  other(vantage: number, time: number): void {
    const frame = ++this.#frames[vantage]!;
    this.#push(`v${vantage}`, {
      time: Math.round(time),
      frame,
      mark: Mark.Data,
      seq: Number.NaN,
      length: 400,
      ack: Number.NaN,
      window: Number.NaN,
    });
  }

  #push(lane: string, frame: MadeUpFrame): void {
    const list = this.lanes.get(lane) ?? [];
    list.push(frame);
    this.lanes.set(lane, list);
  }
}

export function makeUpIncident(segments = 1800): MadeUpIncident {
  const recorder = new Recorder();
  transfer(recorder, segments);
  neighbours(recorder, segments);
  for (const list of recorder.lanes.values()) list.sort((a, b) => a.time - b.time);
  recorder.journeys.sort((a, b) => a.time - b.time);
  const frames = [0, 1, 2, 3].map((v) => recorder.lanes.get(`v${v}`)?.length ?? 0);
  const detail = incidentDetail(frames);
  return { detail, flow: flowDetail(recorder), lanes: recorder.lanes, journeys: recorder.journeys };
}

function transfer(recorder: Recorder, segments: number): void {
  const viaA = [0, 1, 3];
  const data = (seq: number, mark: number = Mark.Data, length = SEGMENT) => ({
    mark,
    seq,
    length,
    ack: 1,
    window: ROOM,
  });
  const ack = (upTo: number, mark: number = Mark.Ack, window = ROOM, sack?: [number, number]) => ({
    mark,
    seq: 1,
    length: 0,
    ack: upTo,
    window,
    ...(sack === undefined ? {} : { sack }),
  });
  recorder.send('client', 40 * MS, data(0, Mark.Syn, 0), viaA);
  recorder.send('server', 41 * MS, ack(1, Mark.Syn), viaA);
  let seq = 1;
  const first = Math.floor(segments * 0.55);
  for (let i = 0; i < first; i++) {
    const at = 100 * MS + (i * (T0 - 100 * MS)) / first;
    if (i === Math.floor(first / 2)) seq = hiccup(recorder, at, seq, data, ack);
    recorder.send('client', at, data(seq), viaA);
    seq += SEGMENT;
    recorder.send('server', at + 1.2 * MS, ack(seq), viaA);
  }
  const lost = seq;
  recorder.send('client', T0 - 2 * MS, data(lost), [0], [1], 'last data before the stall');
  for (const [rung, at] of [208, 616, 1432].entries())
    recorder.send(
      'client',
      T0 + at * MS,
      data(lost, Mark.Retransmission),
      [0, 2],
      [3],
      `retransmission ${rung + 1} (rung ${[0.204, 0.408, 0.816][rung]} s)`,
    );
  recorder.send(
    'client',
    RESUMED,
    data(lost, Mark.Retransmission),
    [0, 2, 3],
    [],
    'retransmission 4 (rung 1.63 s)',
  );
  seq += SEGMENT;
  recorder.send('server', RESUMED + 1.3 * MS, ack(seq), [0, 2, 3]);
  const second = segments - first;
  for (let i = 0; i < second; i++) {
    const at = RESUMED + 3 * MS + (i * (END - RESUMED - 900 * MS)) / second;
    const full = i === Math.floor(second * 0.6);
    recorder.send('client', at, data(seq), [0, 2, 3]);
    seq += SEGMENT;
    recorder.send(
      'server',
      at + 1.2 * MS,
      ack(seq, full ? Mark.ZeroWindow : Mark.Ack, full ? 0 : ROOM),
      [0, 2, 3],
    );
    if (full) recorder.send('server', at + 1.9 * MS, ack(seq, Mark.WindowUpdate), [0, 2, 3]);
  }
  recorder.send('client', END - 800 * MS, data(seq, Mark.Fin, 0), [0, 2, 3]);
  recorder.send('server', END - 798 * MS, ack(seq + 1, Mark.Fin), [0, 2, 3]);
  recorder.send('server', END - 400 * MS, ack(seq + 1, Mark.Reset), [0, 2, 3]);
}

type Data = (seq: number, mark?: number, length?: number) => Omit<MadeUpFrame, 'time' | 'frame'>;
type Ack = (
  upTo: number,
  mark?: number,
  window?: number,
  sack?: [number, number],
) => Omit<MadeUpFrame, 'time' | 'frame'>;

/** One segment lost on the way, found by duplicates and SACK, and sent again at once. */
function hiccup(recorder: Recorder, at: number, seq: number, data: Data, ack: Ack): number {
  const way = [0, 1, 3];
  recorder.send('client', at - 3 * MS, data(seq), [0], [1]);
  for (let i = 1; i <= 4; i++) {
    recorder.send('client', at - 3 * MS + i * 0.1 * MS, data(seq + i * SEGMENT), way);
    const sack: [number, number] = [seq + SEGMENT, seq + (i + 1) * SEGMENT];
    recorder.send(
      'server',
      at - 2 * MS + i * 0.1 * MS,
      ack(seq, i === 1 ? Mark.Sack : Mark.DuplicateAck, ROOM, sack),
      way,
    );
  }
  recorder.send('client', at - 1.2 * MS, data(seq, Mark.Retransmission), way, [], 'retransmission, fast');
  recorder.send('server', at - 0.3 * MS, ack(seq + 5 * SEGMENT), way);
  return seq + 5 * SEGMENT;
}

function neighbours(recorder: Recorder, segments: number): void {
  let seed = 7;
  const chance = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  for (let i = 0; i < segments * 2; i++) {
    const at = chance() * END;
    const burst = 1 + Math.floor(chance() * 4);
    for (let k = 0; k < burst; k++) {
      const time = at + k * 0.2 * MS;
      if (time > T0 && time < RESTORED && chance() < 0.92) continue;
      recorder.other(0, time);
      recorder.other(time < T0 ? 1 : 2, time + PASSES[1]!);
      recorder.other(3, time + PASSES[3]!);
    }
  }
}

const at = (time: number): string => String(ORIGIN + BigInt(time));

function incidentDetail(frames: number[]): IncidentDetail {
  const vantages: TimelineVantage[] = NAMES.map(([host, role], index) => ({
    index,
    vantage: { host, role, inferred: false },
    captures: [`c${index + 1}`],
    frames: frames[index] ?? 0,
    from: 0,
    until: index === 1 ? T0 + 20 * MS : index === 2 ? END : END,
    dropped: index === 3 ? null : 0,
    lossy: index === 3,
    clockError: 0.2 * MS,
  }));
  return {
    id: 'made-up',
    title: 'Made up',
    state: 'ready',
    created: at(0),
    expires: null,
    files: 4,
    size: 1,
    headline: 'Made up.',
    flows: 1,
    worstStall: 3.06,
    error: null,
    revision: 1,
    storedFiles: [],
    stalls: null,
    timeline: {
      origin: String(ORIGIN),
      from: 0,
      to: END,
      frames: frames.reduce((a, b) => a + b, 0),
      vantages,
    },
    report: {
      schemaVersion: 1,
      tool: { name: 'stallscope', version: '0' },
      headline: 'Made up.',
      captures: NAMES.map(([host, role], index) => ({
        id: `c${index + 1}`,
        file: `${host}.pcapng`,
        format: 'pcapng',
        linkTypes: ['Ethernet'],
        vantage: { host, role, inferred: false },
        frames: frames[index] ?? 0,
        firstTime: at(0),
        lastTime: at(END),
        coveredUntil: at(END),
        snaplen: null,
        dropped: 0,
        truncated: false,
        interfaces: [],
      })),
      clocks: [],
      failovers: [
        {
          id: 'failover-1',
          pathLost: at(T0),
          pathRestored: at(RESTORED),
          restoredBy: 'seen',
          outage: 1.883,
          lostWithin: 0.004,
          restoredWithin: 0.22,
          from: 'node-a',
          to: 'node-b',
          directions: [{ toward: 'client', lost: at(T0), restored: at(RESTORED + 320 * MS) }],
          marks: [
            {
              kind: 'observed',
              text: 'node-b claimed the address',
              frames: [
                { capture: 'c3', frame: 1 },
                { capture: 'c3', frame: 2 },
              ],
            },
            {
              kind: 'absent',
              text: 'node-a passed nothing on',
              frames: [],
              coverage: { from: at(T0), to: at(RESTORED), why: 'capture running, 0 drops' },
            },
          ],
        },
      ],
      path: { kind: 'forwarded', claims: [] },
      causes: [],
      summary: { flows: 1, byOutcome: { resumed: 1 } },
      advice: [],
      problems: [],
    },
  };
}

function flowDetail(recorder: Recorder): FlowDetail {
  const lanes = [0, 1, 2, 3].flatMap((vantage) =>
    (['client', 'server'] as const).map((from) => {
      const lane = `v${vantage}.f1.${from === 'client' ? 'c' : 's'}`;
      return { lane, vantage, from, frames: recorder.lanes.get(lane)?.length ?? 0 };
    }),
  );
  return {
    index: 0,
    lanes,
    journeys: recorder.journeys.length,
    flow: {
      id: 'f1',
      protocol: 'tcp',
      client: { address: '10.0.1.17', port: 51544 },
      server: { address: '10.9.0.5', port: 443 },
      start: at(40 * MS),
      end: at(END - 400 * MS),
      bytesToClient: 0,
      bytesToServer: 1,
      seenAt: ['c1', 'c2', 'c3', 'c4'],
      path: 'forwarded',
      outcome: 'resumed',
      cause: 'rto-backoff',
      candidates: [],
      contributing: [],
      confidence: 'high',
      claims: [],
      ruledOut: [],
      splitBy: [],
      advice: [],
      stalls: [
        {
          start: at(T0 + 4 * MS),
          end: at(RESUMED),
          duration: 3.06,
          waiting: 'client',
          owedBy: 'server',
          cause: 'rto-backoff',
          outage: 1.88,
          backoff: 1.18,
          recovery: 0,
          rung: 4,
          nextRetry: null,
          censored: false,
          frames: { last: { capture: 'c1', frame: 1 } },
        },
      ],
    },
  };
}
