/**
 * What is changed, one thing at a time: the outage, a setting of a client, of the server, of either's kernel. Changes that do
 * not touch each other share a failover.
 * The trap: settings come from the table that `diagnose advise` prints, in its own words, so that a row here also proves that
 * the table knows when a timer fires.
 */
import { CLIENTS, type Setting, type Timer } from '../../analyzer/index.ts';
import { type Scenario, scenarioSchema } from '../scenario.ts';
import type { Limit } from './predict.ts';

/** s. */
export const OUTAGE = 30;
const OUTAGES = [2, 5, 10, 15];
/** s that traffic has run when the path is lost: Python needs some of them to start on a busy machine. */
const RAN = 8;
/** s into the outage at which a connection is opened. */
const OPENS = 1;

export type FlowKind = 'download' | 'upload' | 'opening';

export interface PlannedChange {
  /** `clients/wget-20`: run and traffic. */
  readonly id: string;
  readonly run: string;
  readonly traffic: string;
  /** What is other than in the reference. */
  readonly title: string;
  /** Whose tries in the reference it is predicted from. */
  readonly flow: FlowKind;
  /** s. */
  readonly outage: number;
  /** s. */
  readonly rtoMax?: number;
  readonly limits: readonly Limit[];
  /** s. */
  readonly ranBefore: number;
  /** Who ends it where it fails: the client by itself, or the server by a reset. */
  readonly endsBy: 'client' | 'server';
}

export interface PlannedRun {
  readonly name: string;
  readonly scenario: Scenario;
  readonly changes: readonly PlannedChange[];
}

/** As a scenario file has it. */
interface TrafficDraft {
  readonly name: string;
  readonly [key: string]: unknown;
}

interface Draft {
  readonly traffic: TrafficDraft;
  readonly title: string;
  readonly flow: FlowKind;
  readonly limits?: readonly Limit[];
  readonly rtoMax?: number;
  readonly endsBy?: 'server';
}

/** The run that all others are predicted from. Its name is also that of its changes, of which there are none. */
export const REFERENCE = 'reference';

const SIZE = '8M';
const wget = (name: string, more: object = {}): TrafficDraft => ({ name, run: 'wget', size: SIZE, ...more });
const curl = (name: string, setting?: Setting, more: object = {}): TrafficDraft => ({
  name,
  run: 'curl',
  size: SIZE,
  // As people call it, with the probes that it sends by itself.
  keepalive: 60,
  options: setting?.text.split(' ') ?? [],
  ...more,
});
const upload = { name: 'upload', run: 'upload', size: SIZE };
const opening = { start: { afterLost: `${OPENS}s` }, size: '100k' };

/** Of the table: how the timer is set so that it fires after so many seconds, or the next that can be written. */
export function settingOf(
  client: string,
  timer: string,
  seconds: number,
): Setting & { readonly firesAfter: number } {
  const setting = timerOf(client, timer).set?.(seconds);
  if (setting === undefined || setting.firesAfter === null)
    throw new Error(`${timer} of ${client} cannot be set`);
  return { ...setting, firesAfter: setting.firesAfter };
}

const silence = ({ firesAfter, lastProbe }: Pick<Setting, 'firesAfter' | 'lastProbe'>): Limit => ({
  of: 'silence',
  after: firesAfter ?? Number.POSITIVE_INFINITY,
  ...(lastProbe !== undefined && { lastProbe }),
});

/** As it is delivered. */
function timerOf(client: string, timer: string): Timer {
  const found = CLIENTS.find(({ id }) => id === client)?.timers.find(({ name }) => name === timer);
  if (found === undefined) throw new Error(`${client} has no ${timer}`);
  return found;
}

export function plannedRuns(hasRequests: boolean): PlannedRun[] {
  const unchanged: Draft[] = [
    { traffic: wget('download'), title: 'nothing', flow: 'download' },
    { traffic: upload, title: 'nothing', flow: 'upload' },
    { traffic: curl('opening', undefined, opening), title: 'nothing', flow: 'opening' },
  ];
  return [
    run(REFERENCE, unchanged),
    run('clients', [...clientChanges(), ...(hasRequests ? requestsChanges() : [])]),
    ...OUTAGES.map((outage) =>
      run(
        `outage-${outage}`,
        unchanged.slice(0, 2).map((draft) => ({ ...draft, title: `outage of ${outage} s` })),
        { outage },
      ),
    ),
    rtoMaxRun(5),
    retriesRun(),
    sendTimeoutRun(20),
  ];
}

function clientChanges(): Draft[] {
  const download = (
    traffic: Draft['traffic'],
    setting: Setting & { firesAfter: number },
    limit = silence(setting),
  ): Draft => ({
    traffic,
    title: setting.text,
    flow: 'download',
    limits: [limit],
  });
  const read = (seconds: number) => settingOf('wget', '--read-timeout', seconds);
  const speed = (seconds: number) => settingOf('curl', '--speed-time', seconds);
  const maxTime = settingOf('curl', '--max-time', 40);
  const probes = (seconds: number) => settingOf('curl', '--keepalive-time', seconds);
  const connect = settingOf('curl', '--connect-timeout', 8);
  const userTimeout = settingOf('linux', 'TCP_USER_TIMEOUT', 12);
  return [
    download(wget('wget-20', { readTimeout: '20s' }), named('wget', read(20))),
    // Longer than the outage, and not long enough.
    download(wget('wget-45', { readTimeout: '45s' }), named('wget', read(45))),
    download(wget('wget-75', { readTimeout: '75s' }), named('wget', read(75))),
    download(curl('curl-speed-20', speed(20)), named('curl', speed(20))),
    download(curl('curl-speed-75', speed(75)), named('curl', speed(75))),
    download(curl('curl-max-40', maxTime), named('curl', maxTime), {
      of: 'begin',
      after: maxTime.firesAfter,
    }),
    download(curl('curl-probes-20', undefined, { keepalive: 2 }), named('curl', probes(20))),
    // It would fire before the connection goes on, but its last probes are answered.
    download(curl('curl-probes-40', undefined, { keepalive: 4 }), named('curl', probes(40))),
    {
      traffic: { name: 'node-http', run: 'node', api: 'http', size: SIZE },
      title: 'Node.js http, as delivered',
      flow: 'download',
      limits: [silence(timerOf('node-http', 'Agent keepAliveMsecs'))],
    },
    {
      traffic: { name: 'node-fetch', run: 'node', api: 'fetch', size: SIZE },
      title: 'Node.js fetch, as delivered',
      flow: 'download',
      limits: [silence(timerOf('node-fetch', 'keepAliveInitialDelay'))],
    },
    {
      traffic: { name: 'sender', run: 'sender', size: SIZE, userTimeout: '12s' },
      title: userTimeout.text,
      flow: 'upload',
      limits: [silence(userTimeout)],
    },
    {
      traffic: curl('connect-8', connect, opening),
      title: `curl ${connect.text}`,
      flow: 'opening',
      limits: [{ of: 'opening', after: connect.firesAfter }],
    },
  ];
}

const named = <S extends Setting>(client: string, setting: S): S => ({
  ...setting,
  text: `${client} ${setting.text}`,
});

function requestsChanges(): Draft[] {
  return [20, 75].map((seconds) => ({
    traffic: { name: `requests-${seconds}`, run: 'requests', size: SIZE, readTimeout: `${seconds}s` },
    title: `requests ${settingOf('requests', 'timeout (read)', seconds).text}`,
    flow: 'download',
    limits: [{ of: 'silence', after: seconds }],
  }));
}

/** At both ends: each is the sender of one transfer. */
function rtoMaxRun(seconds: number): PlannedRun {
  const name = 'net.ipv4.tcp_rto_max_ms';
  const draft = { title: `${name}=${seconds * 1000}`, rtoMax: seconds };
  return run(
    'rto-max',
    [
      { ...draft, traffic: wget('download'), flow: 'download' },
      { ...draft, traffic: upload, flow: 'upload' },
    ],
    {
      server: { sysctl: { [name]: seconds * 1000 } },
      setup: [sysctl(`${name}=${seconds * 1000}`)],
    },
  );
}

function retriesRun(): PlannedRun {
  const retries = settingOf('linux', 'tcp_retries2', 12);
  const syn = settingOf('linux', 'tcp_syn_retries', 7);
  return run(
    'retries',
    [
      {
        traffic: upload,
        title: retries.text,
        flow: 'upload',
        limits: [{ of: 'unacknowledged', after: retries.firesAfter }],
      },
      {
        traffic: curl('opening', undefined, opening),
        title: syn.text,
        flow: 'opening',
        limits: [{ of: 'opening', after: syn.firesAfter }],
      },
    ],
    { setup: [sysctl(retries.text), sysctl(syn.text)] },
  );
}

/** The server resets whom it gives up, so that its capture shows when. */
function sendTimeoutRun(seconds: number): PlannedRun {
  const setting = settingOf('nginx', 'send_timeout', seconds);
  return run(
    'send-timeout',
    [
      {
        traffic: wget('download'),
        title: `nginx ${setting.text}`,
        flow: 'download',
        limits: [silence(setting)],
        endsBy: 'server',
      },
    ],
    { server: { sendTimeout: `${seconds}s`, resetTimedOut: true } },
  );
}

/** `name=value`, at the client. */
function sysctl(text: string): object {
  const [name, value] = text.split('=');
  return { sysctl: { host: 'client', name, value: Number(value) } };
}

function run(
  name: string,
  drafts: readonly Draft[],
  more: { readonly outage?: number; readonly [key: string]: unknown } = {},
): PlannedRun {
  const { outage = OUTAGE, ...rest } = more;
  return {
    name,
    scenario: scenarioSchema.parse({
      title: `prediction: ${name}`,
      ...rest,
      outage: `${outage}s`,
      watch: `${outage + 30}s`,
      steps: [{ at: `${RAN}s`, do: { takeOver: 'node-b' } }],
      traffic: drafts.map(({ traffic }) => traffic),
      expect: {},
    }),
    changes: drafts.map(({ traffic, title, flow, limits = [], rtoMax, endsBy }) => ({
      id: `${name}/${traffic.name}`,
      run: name,
      traffic: traffic.name,
      title,
      flow,
      outage,
      limits,
      ranBefore: flow === 'opening' ? -OPENS : RAN,
      endsBy: endsBy ?? 'client',
      ...(rtoMax !== undefined && { rtoMax }),
    })),
  };
}
