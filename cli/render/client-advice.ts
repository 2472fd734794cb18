/**
 * `diagnose advise` for people: when connections go on, then a row a timer, or some clients in full.
 * The trap: the table shows after how long a timer *fires*, which is not always the number that one writes; how it is
 * written stands in full with `--client`.
 */
import {
  type AdviceMode,
  type ClientAdvice,
  type ClientFate,
  CONNECTING_ENDS,
  FAIL_FAST,
  LAST_SYN,
  rideThroughSeconds,
  SENDER_GIVES_UP,
  type Timer,
  type TimerSetting,
  type Wait,
  wordOf,
} from '../../analyzer/index.ts';
import type { Goal } from '../advise-command.ts';
import { table, wrap, wrapAfter } from './layout.ts';
import type { Style } from './style.ts';

export interface AdviceView {
  readonly wait: Wait;
  readonly mode: AdviceMode;
  readonly goal: Goal;
  readonly advice: readonly ClientAdvice[];
  /** Each client in full instead of the table. */
  readonly inFull: boolean;
}

/** With a newline at its end. */
export function renderClientAdvice(view: AdviceView, style: Style): string {
  const blocks = view.inFull
    ? view.advice.map((one) => inFull(one, view, style))
    : [timerTable(view), legend(view, style)];
  return `${[header(view, style), ...blocks].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** `64.9 s`; from 100 s on whole ones. */
export const span = (seconds: number): string => `${shortNumber(seconds)} s`;

function shortNumber(seconds: number): string {
  return Number.isInteger(seconds) || seconds >= 100 ? String(Math.round(seconds)) : seconds.toFixed(1);
}

function header({ wait, mode }: AdviceView, style: Style): string[] {
  const kind =
    mode === 'routed' ? 'through a router that keeps its state' : 'through a proxy, which ends connections';
  const said = mode === 'routed' ? routed(wait) : proxied(wait);
  return [
    style.colors.bold(`outage of ${span(wait.outage)}, ${kind}`),
    ...[...said, opening(wait)].flatMap((text) => wrapAfter('  ', text, style.width)),
  ];
}

function routed({ rto, resumes, atMost }: Wait): string[] {
  if (resumes === null || atMost === null)
    return [
      `No connection can be relied on to go on: senders give up after ${span(SENDER_GIVES_UP)} or a little more.`,
    ];
  const { from, to } = resumes;
  if (rto === null)
    return [
      `An open connection goes on ${span(from)} to ${span(to)} after the path was lost: at its sender's next try, and the waits between tries double. A timer that fires in between ends it for nothing. (--rto narrows it down.)`,
    ];
  return [
    `With an RTO of ${rto < 1 ? `${Math.round(rto * 1000)} ms` : span(rto)}, a connection that was sending goes on ${span(from)} to ${span(to)} after the path was lost: at its sender's next try. A timer that fires before ends it for nothing.`,
    ...(to < atMost ? [`One that began to send in the outage goes on after ${span(atMost)} at most.`] : []),
  ];
}

const proxied = ({ atMost }: Wait): string[] => [
  'No setting rides through: the connection ended with its node, and waiting brings nothing back. Fail fast, and try again on a new one.',
  `Who sends is reset at its next try${atMost === null ? '' : `, ${span(atMost)} after the loss at most`}, who probes at its next probe, where the new node answers; who only reads is told nothing, unless it fails fast.`,
];

const opening = ({ connects }: Wait): string =>
  connects === null
    ? `A connection that is opened in the outage fails where more than about ${span(LAST_SYN.to)} of it are left: its system sends its last SYN after ${span(LAST_SYN.from)} to ${span(LAST_SYN.to)}, and gives up after ${span(CONNECTING_ENDS.from)} to ${span(CONNECTING_ENDS.to)}.`
    : `A connection that is opened in the outage is open ${span(connects.to)} after its first SYN at most.`;

const WORDS: Readonly<Record<ClientFate['word'], string>> = {
  'goes-on': 'goes on',
  'may-fail': 'may fail',
  fails: 'fails',
  waits: 'waits',
};

function timerTable(view: AdviceView): string[] {
  const rides = view.goal !== 'fail-fast' && view.mode === 'routed';
  const fast = view.goal !== 'ride-through' || view.mode === 'proxy';
  const head = ['client', 'timer', 'fires', 'outage', ...(rides ? ['ride through'] : [])];
  const rows = view.advice.flatMap(({ client, rideThrough, failFast }) =>
    client.timers
      .filter(isShown)
      .map((timer, i) => [
        i === 0 ? client.id : '',
        timer.name,
        timer.firesAfter === null ? 'never' : span(timer.firesAfter),
        WORDS[wordOf(timer, view.wait, view.mode)],
        ...(rides ? [settingOf(timer, rideThrough)] : []),
        ...(fast ? [settingOf(timer, failFast)] : []),
      ]),
  );
  return table([[...head, ...(fast ? ['fail fast'] : [])], ...rows], [2, 4, 5]);
}

/** Limits of a whole request that nobody set say nothing of an outage. */
const isShown = ({ bounds, firesAfter }: Timer): boolean => bounds || firesAfter !== null;

function settingOf(timer: Timer, settings: readonly TimerSetting[] | null): string {
  const setting = settings?.find((one) => one.timer === timer.name);
  if (setting === undefined) return '-';
  return setting.firesAfter === null ? 'never' : span(setting.firesAfter);
}

function legend({ wait, mode, advice, goal }: AdviceView, { width }: Style): string[] {
  const within = advice.flatMap(({ client, inInterval }) =>
    inInterval.map(({ name }) => `${client.id} ${name}`),
  );
  const ride = rideThroughSeconds(wait);
  const lines = [
    'fires: after so long without an answer, as delivered. outage: what it does in this one, alone. -: leave it as it is.',
    ...(mode === 'routed' && ride !== null && goal !== 'fail-fast'
      ? [
          `ride through: at least ${span(ride)} of silence, and what the server itself takes before it answers; a limit of the whole request on top of what that takes. At both ends: a server that gives up first ends it too.`,
        ]
      : []),
    ...(goal === 'ride-through' && mode === 'routed'
      ? []
      : [
          `fail fast: ${FAIL_FAST.silence} s of silence, ${FAIL_FAST.connect} s to connect, or the next that can be set; then ${advice[0]?.retry.attempts} tries, of which the last begins after the outage even if each fails at once. More where the server is slower than that by itself.`,
        ]),
    ...(within.length > 0 ? [`End what was about to go on: ${within.join(', ')}.`] : []),
    'Try again only what may be done twice: docs/answers.md says which requests.',
    'How each is written, and where that stands: --client NAME, or docs/clients.md.',
  ];
  return lines.flatMap((line) => wrap(line, width));
}

function inFull(one: ClientAdvice, view: AdviceView, style: Style): string[] {
  const { client, byDefault, connecting, rideThrough, failFast, retry, inInterval } = one;
  const { mode, goal } = view;
  const rides = goal !== 'fail-fast' && mode === 'routed';
  const fast = goal !== 'ride-through' || mode === 'proxy';
  const label = (name: string, text: string): string[] =>
    wrapAfter(`  ${name.padEnd(14)}`, text, style.width);
  return [
    style.colors.bold(`${client.title} (${client.version})`),
    ...label(
      'as delivered',
      `an open connection ${fateText(byDefault)}; a new one ${connectText(connecting)}`,
    ),
    ...client.timers.flatMap((timer) => label('', `${timer.name}: ${timer.byDefault}`)),
    ...(inInterval.length > 0
      ? label('in between', `${inInterval.map(({ name }) => name).join(', ')}: ends what was about to go on`)
      : []),
    ...(rides ? settingLines('ride through', rideThrough, label) : []),
    ...(fast ? settingLines('fail fast', failFast, label) : []),
    ...(fast ? label('and try again', `${retry.text}  (as delivered: ${client.retry.byDefault})`) : []),
    ...client.notes.flatMap((note, i) => label(i === 0 ? 'know that' : '', note)),
    ...sourcesOf(one).flatMap(({ title, url }, i) => label(i === 0 ? 'sources' : '', `${title}: ${url}`)),
  ];
}

function settingLines(
  name: string,
  settings: readonly TimerSetting[] | null,
  label: (name: string, text: string) => string[],
): string[] {
  if (settings === null) return label(name, 'not possible: no sender tries for so long');
  if (settings.length === 0) return label(name, 'as delivered');
  return settings.flatMap(({ text, measures, firesAfter }, i) =>
    label(i === 0 ? name : '', `${text}  ${settingText(measures, firesAfter)}`),
  );
}

function settingText(measures: TimerSetting['measures'], firesAfter: number | null): string {
  if (firesAfter === null) return '(never fires)';
  if (measures === 'total') return `(${span(firesAfter)} for the whole request: add what it takes itself)`;
  return measures === 'connect' ? `(${span(firesAfter)} to connect)` : `(fires after ${span(firesAfter)})`;
}

function fateText({ word, timer }: ClientFate): string {
  const after = timer === null || timer.firesAfter === null ? '' : span(timer.firesAfter);
  switch (word) {
    case 'waits':
      return 'waits for ever';
    case 'fails':
      return `fails after ${after} (${timer?.name})`;
    case 'may-fail':
      return `may fail after ${after} (${timer?.name}), while it is about to go on`;
    case 'goes-on':
      return timer === null
        ? 'goes on; where the state is lost it waits for ever'
        : `goes on; where the state is lost it fails after ${after} (${timer.name})`;
  }
}

function connectText({ word, timer }: ClientFate): string {
  const after =
    timer === null || timer.firesAfter === null ? "by the system's limit" : `after ${span(timer.firesAfter)}`;
  switch (word) {
    case 'goes-on':
      return 'opens once the path is back';
    case 'may-fail':
      return `fails ${after}, where the path is not back by then`;
    default:
      return `fails ${after}`;
  }
}

/** Each once. */
function sourcesOf({ client }: ClientAdvice): Timer['source'][] {
  const all = [...client.timers.map(({ source }) => source), client.retry.source];
  return [...new Map(all.map((source) => [source.url, source])).values()];
}
