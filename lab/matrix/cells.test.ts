/** What the clients say, made up, and the cells that come of it. */
import { describe, expect, it } from 'vitest';
import type { Flow, Report } from '../../analyzer/index.ts';
import type { ClientResult } from '../client-run.ts';
import type { Truth } from '../truth.ts';
import { type Cell, cellsOf } from './cells.ts';
import { renderMatrixPage } from './page.ts';
import { CLIENTS, matrixScenario, OUTAGES, SETUPS } from './setups.ts';
import { causeText, fateText, renderMatrix } from './table.ts';

/** s since the epoch. */
const LOST = 1_800_000_003;
const STOPPED = LOST + 90;

const clients = matrixScenario(SETUPS[0]!, 15_000).traffic;
const connection = (localPort: number, time: number, remotePort = 80) => ({
  localPort,
  remotePort,
  time,
  of: null,
});

function client(name: string, fields: Partial<ClientResult>): ClientResult {
  const traffic = clients.find((one) => one.name === name)!;
  return {
    name,
    traffic,
    command: [],
    startedAt: (LOST - 3) * 1000,
    endedAt: null,
    exit: null,
    output: '',
    connections: [connection(40_000, LOST - 3, traffic.run === 'api' ? 8080 : 80)],
    ...fields,
  };
}

function cellOf(result: ClientResult, flow?: Partial<Flow>): Cell {
  const flows = flow === undefined ? [] : [{ cause: null, stalls: [], ...flow } as unknown as Flow];
  const [cell] = cellsOf({
    setup: 'routed-synced',
    outage: 15,
    truth: { pathLost: String(LOST), capturedUntil: String(STOPPED) } as Truth,
    report: { flows } as unknown as Report,
    clients: [result],
  });
  return cell!;
}

const at = (client: number, server: number) =>
  ({ client: { port: client }, server: { port: server } }) as Partial<Flow>;

describe('a cell', () => {
  it('of a download that goes on has its stall by the captures', () => {
    const done = client('curl', { endedAt: (LOST + 40) * 1000, exit: 0 });
    const stall = { duration: 25.4, cause: 'rto-backoff', end: '1' };
    const cell = cellOf(done, {
      ...at(40_000, 80),
      id: 'f1',
      outcome: 'resumed',
      cause: 'rto-backoff',
      stalls: [stall] as never,
    });
    expect(cell).toMatchObject({ id: 'routed-synced/curl/15s', fate: 'unharmed', after: 25.4 });
    expect([fateText(cell), causeText(cell)]).toEqual(['goes on, 25.40 s', 'resumed: rto-backoff']);
  });

  it('of one that ended well on another connection is told apart, by the connection that the path was lost to', () => {
    const connections = [connection(40_000, LOST - 3), connection(40_001, LOST + 21)];
    const again = client('wget-timeout', { endedAt: (LOST + 30) * 1000, exit: 0, connections });
    const cell = cellOf(again, { ...at(40_000, 80), id: 'f1', outcome: 'gave-up', cause: 'client-timeout' });
    expect(cell).toMatchObject({ fate: 'again', after: 21, found: { cause: 'client-timeout' } });
  });

  it('of one that waits says for how long, and that it said nothing', () => {
    const cell = cellOf(client('wget', {}));
    expect(cell).toMatchObject({ fate: 'waits', after: 90, said: 'nothing', found: null });
    expect(causeText(cell)).toBe('not captured');
  });

  it('of an API client counts what failed, from the first', () => {
    const word = (event: string, time: number) =>
      JSON.stringify({
        time,
        event,
        what: 'request',
        took: 1,
        ...(event === 'failed' && { why: 'ECONNRESET' }),
      });
    const output = [word('done', LOST - 1), word('failed', LOST + 7), word('done', LOST + 8), '{"time'].join(
      '\n',
    );
    const cell = cellOf(client('api', { endedAt: (LOST + 20) * 1000, exit: 1, output }), {
      ...at(40_000, 8080),
      id: 'f1',
      outcome: 'reset',
    });
    expect(cell).toMatchObject({
      fate: 'fails',
      after: 7,
      said: 'ECONNRESET',
      requests: { failed: 1, made: 3 },
    });
    expect(fateText(cell)).toBe('fails, 7.00 s, 1 of 3');
  });

  it("of curl has curl's own words", () => {
    const output = 'http=200 size=1 time=9 exit=56 err=Recv failure: Connection reset by peer\n';
    const cell = cellOf(client('curl', { endedAt: (LOST + 60) * 1000, exit: 56, output }));
    expect(cell.said).toBe('exit 56 (Recv failure: Connection reset by peer)');
  });
});

describe('the matrix', () => {
  const cells = SETUPS.flatMap(({ id: setup }) =>
    CLIENTS.map(({ id }) => ({ ...cellOf(client(id, {})), id: `${setup}/${id}/15s`, setup, client: id })),
  );
  const matrix = { made: '2026-01-01T00:00:00.000Z', outages: [15, 30], cells };

  it('asks what is asked: both gateways, with and without sync, wget, curl and an API client, 15 to 60 s', () => {
    expect(OUTAGES).toEqual([15_000, 30_000, 60_000]);
    for (const setup of SETUPS)
      for (const outage of OUTAGES) {
        const { gateway, traffic } = matrixScenario(setup, outage);
        expect(setup.id.startsWith('proxied') ? 'proxy' : 'routed').toBe(gateway.forwarder);
        expect(new Set(traffic.map(({ run }) => run))).toEqual(new Set(['wget', 'curl', 'api']));
        // What is asked for tells the legs of a proxy apart.
        const asked = traffic.map((one) => ('size' in one ? one.size : 'think' in one ? one.think : 0));
        expect(new Set(asked).size).toBe(traffic.length);
      }
  });

  it('is a text with a block a gateway, and a page that holds each cell by its name', () => {
    const style = { colors: { bold: (text: string) => text } } as Parameters<typeof renderMatrix>[1];
    const text = renderMatrix(matrix, style);
    for (const { id, title } of SETUPS) expect(text).toContain(`${id}: ${title}`);
    expect(text.match(/waits, 90.00 s/g)).toHaveLength(cells.length);
    const page = renderMatrixPage(matrix);
    for (const { id } of cells) expect(page).toContain(`id="${id}"`);
    expect(page.match(/<td>not run<\/td>/g)).toHaveLength(cells.length);
  });
});
