/**
 * The journeys of a flow, in pages of deflated JSON: a flow has hundreds, a window shows a few.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { FrameRef, Journey } from '../../analyzer/index.ts';
import type { JourneyPage } from '../api.ts';
import type { Connection } from './connection.ts';
import { flowNumber, type Shared, shownRun } from './shared.ts';
import type { TimeWindow } from './store.ts';

const PAGE_JOURNEYS = 128;

export class Journeys {
  private readonly shared: Shared;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  page(incident: string, flow: string, { from, to, limit }: TimeWindow): JourneyPage {
    const { connection } = this.shared;
    return connection.read(() => {
      const run = shownRun(connection, incident);
      const number = flowNumber(connection, run, flow);
      const pages = connection.all<{ bytes: Uint8Array }>(
        `SELECT bytes FROM journey_pages
         WHERE run = ? AND flow = ? AND last >= ? AND first <= ? ORDER BY page`,
        ...[run, number, from, to],
      );
      const found = pages
        .flatMap(({ bytes }) => decode(bytes))
        .filter(({ time }) => time >= from && time <= to);
      return { journeys: found.slice(0, limit), total: found.length, truncated: found.length > limit };
    });
  }

  sightings(incident: string, frame: FrameRef): { frame: FrameRef; vantage: number; time: number }[] {
    const { connection } = this.shared;
    return connection.read(() => {
      const page = connection.get<{ bytes: Uint8Array }>(
        `SELECT bytes FROM followed_frames AS f
         JOIN journey_pages AS p ON p.run = f.run AND p.flow = f.flow AND p.page = f.page
         WHERE f.run = ? AND f.capture = ? AND f.frame = ?`,
        ...[shownRun(connection, incident), frame.capture, frame.frame],
      );
      if (page === undefined) return [];
      const isIt = (other: FrameRef): boolean =>
        other.capture === frame.capture && other.frame === frame.frame;
      const seen = decode(page.bytes)
        .map(sightingsOf)
        .find((some) => some.some((one) => isIt(one.frame)));
      return (seen ?? []).sort((a, b) => Number(isIt(b.frame)) - Number(isIt(a.frame)));
    });
  }
}

/** How many a flow has. */
export function countJourneys(connection: Connection, run: number, flow: number): number {
  const found = connection.get<{ n: number }>(
    'SELECT coalesce(sum(count), 0) AS n FROM journey_pages WHERE run = ? AND flow = ?',
    ...[run, flow],
  );
  return found?.n ?? 0;
}

/** Those of one flow, whose number this is. */
export function insertJourneys(
  connection: Connection,
  run: number,
  flow: number,
  journeys: readonly Journey[],
): void {
  for (let page = 0; page * PAGE_JOURNEYS < journeys.length; page += 1) {
    const some = journeys.slice(page * PAGE_JOURNEYS, (page + 1) * PAGE_JOURNEYS);
    const times = some.map(({ time }) => time);
    connection.run(
      'INSERT INTO journey_pages (run, flow, page, first, last, count, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[run, flow, page, Math.min(...times), Math.max(...times), some.length, encode(some)],
    );
    for (const { frame } of some.flatMap(sightingsOf)) {
      // A frame with two segments is part of two journeys: the first will do.
      connection.run(
        'INSERT OR IGNORE INTO followed_frames (run, capture, frame, flow, page) VALUES (?, ?, ?, ?, ?)',
        ...[run, frame.capture, frame.frame, flow, page],
      );
    }
  }
}

const sightingsOf = ({ stops }: Journey): { frame: FrameRef; vantage: number; time: number }[] =>
  stops.flatMap(({ frame, vantage, time }) =>
    frame === undefined || time === undefined ? [] : [{ frame, vantage, time }],
  );

/** Journeys of a flow are much alike: more effort would leave little less. */
const encode = (journeys: readonly Journey[]): Uint8Array =>
  deflateRawSync(JSON.stringify(journeys), { level: 2 });

const decode = (bytes: Uint8Array): Journey[] => JSON.parse(inflateRawSync(bytes).toString()) as Journey[];
