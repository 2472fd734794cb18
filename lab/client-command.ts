/**
 * What a client is called as: wget and curl as people call them, the Node programs with their plan.
 * The trap: the lab's own needs must not change the client. wget's and curl's defaults are what is looked at,
 * so only what a scenario names is set.
 */
import { inUrl } from './addresses.ts';
import { REQUESTS_PROGRAM, SENDER_PROGRAM } from './clients/python-programs.ts';
import { type ClientPlan, SERVER_PORTS } from './programs.ts';
import type { Traffic } from './scenario.ts';

export interface ClientPlace {
  /** Of the server, not bracketed. */
  readonly address: string;
  /** PEM file with the CAs that the client trusts. */
  readonly trust: string;
  /** Of this client alone. An upload finds its `upload` there. */
  readonly folder: string;
  /** The bundle of the Node clients. */
  readonly clientProgram: string;
}

type Of<R extends Traffic['run']> = Extract<Traffic, { run: R }>;

/** Program and arguments. */
export function clientCommand(traffic: Traffic, place: ClientPlace): string[] {
  switch (traffic.run) {
    case 'wget':
      return wget(traffic, place);
    case 'curl':
      return curl(traffic, place);
    case 'upload':
      return upload(traffic, place);
    case 'requests':
      return ['python3', '-c', REQUESTS_PROGRAM, ...requestsArguments(traffic, place)];
    case 'sender':
      return ['python3', '-c', SENDER_PROGRAM, ...senderArguments(traffic, place)];
    default: {
      const plan: ClientPlan = { traffic, address: place.address };
      return [process.execPath, place.clientProgram, JSON.stringify(plan)];
    }
  }
}

/** The server's port that the judged connection goes to. Null: `mixed` has several. */
export function serverPort(traffic: Traffic): number | null {
  switch (traffic.run) {
    case 'wget':
    case 'upload':
      return traffic.https ? SERVER_PORTS.https : SERVER_PORTS.http;
    case 'curl':
      if (traffic.pause !== undefined) return SERVER_PORTS.api;
      return traffic.https ? SERVER_PORTS.https : SERVER_PORTS.http;
    case 'node':
    case 'requests':
    case 'sender':
      return SERVER_PORTS.http;
    case 'api':
      return SERVER_PORTS.api;
    case 'udp':
      return SERVER_PORTS.udp;
    case 'mixed':
      return null;
  }
}

const url = (https: boolean, address: string, path: string): string =>
  `${https ? 'https' : 'http'}://${inUrl(address)}/${path}`;
const fileName = (size: number): string => `${size}.bin`;
const option = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [name, String(value)];
const seconds = (name: string, ms: number | undefined): string[] => option(name, ms && ms / 1000);

function wget({ size, https, readTimeout, tries }: Of<'wget'>, place: ClientPlace): string[] {
  return [
    'wget',
    '--no-verbose',
    // A file, because a second try asks for what the first did not bring.
    `--output-document=${place.folder}/body`,
    `--tries=${tries}`,
    '--waitretry=1',
    ...(readTimeout === undefined ? [] : [`--read-timeout=${readTimeout / 1000}`]),
    ...(https ? [`--ca-certificate=${place.trust}`] : []),
    url(https, place.address, fileName(size)),
  ];
}

const CURL = [
  'curl',
  '--silent',
  '--show-error',
  '--write-out',
  'http=%{http_code} size=%{size_download} time=%{time_total} exit=%{exitcode} err=%{errormsg}\\n',
];

function curl(traffic: Of<'curl'>, { address, trust, folder }: ClientPlace): string[] {
  const { size, https, speedTime, pause } = traffic;
  const target =
    pause === undefined
      ? url(https, address, fileName(size))
      : `http://${inUrl(address)}:${SERVER_PORTS.api}/paused?size=${size}&pause=${pause}`;
  return [
    ...CURL,
    ...keepalive(traffic.keepalive),
    ...(speedTime === undefined ? [] : ['--speed-limit', '1', ...seconds('--speed-time', speedTime)]),
    ...seconds('--max-time', traffic.maxTime),
    ...seconds('--connect-timeout', traffic.connectTimeout),
    // One second between tries: without it they double, and none comes when a scenario expects it.
    ...(traffic.retry === 0 ? [] : ['--retry', String(traffic.retry), '--retry-delay', '1']),
    ...option('--local-port', traffic.localPort),
    ...option('--limit-rate', traffic.readRate),
    ...(https ? ['--cacert', trust] : []),
    ...traffic.options,
    '--output',
    `${folder}/body`,
    target,
  ];
}

function upload(traffic: Of<'upload'>, { address, trust, folder }: ClientPlace): string[] {
  const { name, rate, https, maxTime, localPort } = traffic;
  return [
    ...CURL,
    ...keepalive(traffic.keepalive),
    ...seconds('--max-time', maxTime),
    ...option('--limit-rate', rate),
    ...option('--local-port', localPort),
    // It would wait for an answer first.
    ...['--header', 'Expect:'],
    ...(https ? ['--cacert', trust] : []),
    ...['--output', `${folder}/answer`, '--upload-file', `${folder}/upload`],
    url(https, address, `upload/${name}`),
  ];
}

function requestsArguments({ size, readTimeout }: Of<'requests'>, { address }: ClientPlace): string[] {
  return [url(false, address, fileName(size)), String((readTimeout ?? 0) / 1000)];
}

function senderArguments(
  { name, size, rate, userTimeout }: Of<'sender'>,
  { address }: ClientPlace,
): string[] {
  return [address, `/upload/${name}`, String(size), String(rate), String(userTimeout ?? 0)];
}

/** curl's own default is to probe after 60 s; a scenario without probes has none. */
const keepalive = (every: number | false): string[] =>
  every === false ? ['--no-keepalive'] : ['--keepalive-time', String(Math.max(1, Math.round(every)))];
