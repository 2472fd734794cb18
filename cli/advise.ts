/**
 * `diagnose advise`: what clients do in an outage of so long, and what to set. It computes nothing: all of it is the
 * analyzer's table.
 */
import {
  advise,
  CLIENTS,
  type Client,
  type ClientAdvice,
  connectSeconds,
  rideThroughSeconds,
  type Timer,
  type TimerSetting,
  type Wait,
  waitFor,
} from '../analyzer/index.ts';
import type { AdviseOptions } from './advise-command.ts';
import { styleOfOutput } from './output-style.ts';
import { renderClientAdvice } from './render/client-advice.ts';
import { safeJson } from './render/escape.ts';
import { nearestWord } from './suggest.ts';
import { UserError } from './user-error.ts';

/** @throws UserError `usage` for a client that is not in the table */
export function printAdvice({ outage, mode, rto, goal, client, json }: AdviseOptions): void {
  const clients = client?.map(findClient) ?? CLIENTS;
  const wait = waitFor(outage / 1000, rto === undefined ? null : rto / 1000);
  const advice = clients.map((one) => advise(one, wait, mode));
  process.stdout.write(
    json
      ? `${safeJson(adviceJson(wait, mode, advice))}\n`
      : renderClientAdvice({ wait, mode, goal, advice, inFull: client !== undefined }, styleOfOutput()),
  );
}

function findClient(name: string): Client {
  const found = CLIENTS.find(({ id }) => id === name.toLowerCase());
  if (found !== undefined) return found;
  const ids = CLIENTS.map(({ id }) => id);
  const nearest = nearestWord(name, ids);
  throw new UserError(
    'usage',
    `--client: '${name}' is not in the table`,
    nearest === null ? `it has ${ids.join(', ')}` : `did you mean ${nearest}?`,
  );
}

/** Spans in s; null: never, or there is none. */
function adviceJson(wait: Wait, mode: string, advice: readonly ClientAdvice[]) {
  return {
    ...wait,
    mode,
    resumes: mode === 'proxy' ? null : wait.resumes,
    atMost: mode === 'proxy' ? null : wait.atMost,
    rideThroughFrom: mode === 'proxy' ? null : rideThroughSeconds(wait),
    connectFrom: connectSeconds(wait),
    clients: advice.map(({ client, byDefault, connecting, rideThrough, failFast, retry, inInterval }) => ({
      id: client.id,
      title: client.title,
      version: client.version,
      timers: client.timers.map(timerJson),
      byDefault: { outcome: byDefault.word, timer: byDefault.timer?.name ?? null },
      connecting: { outcome: connecting.word, timer: connecting.timer?.name ?? null },
      rideThrough: rideThrough?.map(settingJson) ?? null,
      failFast: failFast.map(settingJson),
      retry: { byDefault: client.retry.byDefault, ...retry, source: client.retry.source },
      inInterval: inInterval.map(({ name }) => name),
      notes: client.notes,
    })),
  };
}

const timerJson = ({ name, measures, firesAfter, byDefault, source }: Timer) => ({
  name,
  measures,
  firesAfter,
  byDefault,
  source,
});

const settingJson = ({ timer, measures, text, firesAfter }: TimerSetting) => ({
  timer,
  measures,
  text,
  firesAfter,
});
