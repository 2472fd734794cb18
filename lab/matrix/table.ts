/**
 * The matrix for people: a block a gateway, a row a client, a column an outage.
 * The trap: what the client saw and why are two sources; the first line of a cell is the client's, the second the
 * diagnosis's.
 */
import { escapeText } from '../../cli/render/escape.ts';
import { table } from '../../cli/render/layout.ts';
import type { Style } from '../../cli/render/style.ts';
import { formatSeconds } from '../../cli/render/units.ts';
import type { Cell, Fate } from './cells.ts';
import { CLIENTS, SETUPS } from './setups.ts';

export interface Matrix {
  /** ISO 8601, when the last run ended. */
  readonly made: string;
  /** s. */
  readonly outages: readonly number[];
  readonly cells: readonly Cell[];
}

export const LEGEND: Readonly<Record<Fate, string>> = {
  unharmed: 'goes on    its connection went on, after so long without a byte',
  again: 'again      it ended well on another connection, opened so long after the path was lost',
  fails: 'fails      it, or one of its requests, ended with an error so long after the path was lost',
  waits: 'waits      it had neither ended nor gone on when the lab stopped, so long after the path was lost',
};

/** With a newline at its end. */
export function renderMatrix({ outages, cells }: Matrix, { colors }: Style): string {
  const shown = CLIENTS.filter(({ id }) => cells.some(({ client }) => client === id));
  const clients = [colors.bold('clients'), ...table(shown.map(({ id, title }) => [id, title]))].join('\n');
  const blocks = SETUPS.filter(({ id }) => cells.some(({ setup }) => setup === id)).map(({ id, title }) => {
    const mine = cells.filter(({ setup }) => setup === id);
    const head = ['', ...outages.map((outage) => `outage ${outage} s`)];
    const lines = table([head, ...shown.flatMap((client) => rows(client.id, outages, mine))]);
    return [colors.bold(`${id}: ${title}`), ...lines].join('\n');
  });
  return `${[clients, ...blocks, Object.values(LEGEND).join('\n')].join('\n\n')}\n`;
}

function rows(id: string, outages: readonly number[], cells: readonly Cell[]): string[][] {
  const mine = outages.map((outage) => cells.find((cell) => cell.client === id && cell.outage === outage));
  if (mine.every((cell) => cell === undefined)) return [];
  return [
    [id, ...mine.map((cell) => (cell === undefined ? '-' : fateText(cell)))],
    ['', ...mine.map((cell) => (cell === undefined ? '' : `  ${causeText(cell)}`))],
  ];
}

/** `fails, 10.2 s, 1 of 20` */
export function fateText({ fate, after, requests }: Cell): string {
  const word = { unharmed: 'goes on', again: 'again', fails: 'fails', waits: 'waits' }[fate];
  const seconds = after === null ? '' : `, ${formatSeconds(after)}`;
  const failed = requests !== null && requests.failed > 0 ? `, ${requests.failed} of ${requests.made}` : '';
  return `${word}${seconds}${failed}`;
}

/** `hung: no-state-drop` */
export const causeText = ({ found }: Cell): string =>
  found === null
    ? 'not captured'
    : `${found.outcome}${found.cause === null ? '' : `: ${escapeText(found.cause)}`}`;
