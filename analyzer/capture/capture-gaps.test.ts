import { expect, it } from 'vitest';
import type { CollectorNote } from '../../packet/file/collector-note.ts';
import { type GapSource, gapsIn, gapsOf } from './capture-gaps.ts';

const ORIGIN = 1_000_000_000_000n;
const at = (seconds: number): string => `${ORIGIN + BigInt(seconds * 1e9)}`;

function file(number: number, from: number, to: number, ...notes: CollectorNote[]): GapSource {
  const own: CollectorNote = {
    note: 'file',
    v: 1,
    collector: 'c0ffee',
    host: 'gw-1',
    vantage: 'node-a.in',
    number,
    engine: 'tcpdump 4.99.3',
    stamps: 'kernel',
  };
  const collector = [own, ...notes].map((note) => ({
    note,
    section: 0,
    interfaceIndex: note.note === 'file' ? null : 0,
  }));
  const notesOfFile = { comments: [], packetComments: [], names: new Map(), collector };
  const interfaces = [
    {
      section: 0,
      linkType: 1,
      snaplen: 0,
      name: 'eth1',
      dropped: null,
      received: null,
      startTime: null,
      endTime: null,
    },
  ];
  return {
    index: number - 1,
    reader: { notes: notesOfFile, interfaces },
    first: from * 1e9,
    pauses: [],
    covered: to * 1e9,
  };
}

const gap = (from: number, to: number | null, packets?: number): CollectorNote => ({
  note: 'gap',
  from: at(from),
  to: to === null ? null : at(to),
  why: 'eth1 is down',
  ...(packets !== undefined && { packets }),
});

const spans = (files: GapSource[]): [number, number, string][] =>
  gapsOf(files, ORIGIN).map(({ from, to, why }) => [from / 1e9, to / 1e9, why]);

it('a gap is as it was noted, the last word of one that went on', () => {
  expect(spans([file(1, 0, 60, gap(10, null), gap(10, 30), gap(40, 41, 7))])).toEqual([
    [10, 30, 'eth1 is down'],
    [40, 41, 'eth1 is down'],
  ]);
});

it('one that goes on to the end of a file ends where the next begins, the last one never', () => {
  expect(spans([file(1, 0, 60, gap(50, null)), file(2, 70, 120, gap(110, null))])).toEqual([
    [50, 70, 'eth1 is down'],
    [110, Number.POSITIVE_INFINITY, 'eth1 is down'],
  ]);
});

it('numbers that are missing between two files are a gap, and none at the edges', () => {
  expect(spans([file(3, 0, 60), file(4, 60, 120), file(7, 240, 300)])).toEqual([
    [120, 240, "of this collector's files numbers 5 to 6 are not given"],
  ]);
});

it('a file in which nothing came by ends a gap, and is no less behind one that is missing', () => {
  const silent = (number: number, from: number, to: number): GapSource => {
    const source = file(number, from, to);
    const interfaces = source.reader.interfaces.map((one) => ({ ...one, startTime: from * 1e9 }));
    return { ...source, first: null, reader: { ...source.reader, interfaces } };
  };
  expect(spans([file(1, 0, 60, gap(50, null)), silent(2, 70, 120), file(3, 130, 180)])).toEqual([
    [50, 70, 'eth1 is down'],
  ]);
  expect(spans([file(1, 0, 60), silent(3, 120, 180), file(4, 180, 240)])).toEqual([
    [60, 120, "of this collector's files number 2 is not given"],
  ]);
});

it('touching is not overlapping', () => {
  const gaps = gapsOf([file(1, 0, 60, gap(10, 20))], ORIGIN);
  expect(gapsIn(gaps, 0, 10e9)).toEqual([]);
  expect(gapsIn(gaps, 20e9, 30e9)).toEqual([]);
  expect(gapsIn(gaps, 19e9, 30e9)).toHaveLength(1);
});
