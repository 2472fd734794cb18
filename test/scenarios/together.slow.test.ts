/**
 * Laws of captures that are given together: their order, how they are cut into
 * files, a capture given twice, a file that holds nothing, and one of another
 * incident change nothing that is said.
 * Every law is held against every scenario; of the variants of a law each scenario has one in turn (`sample.ts`).
 */
import { describe, expect, test } from 'vitest';
import type { AnalysisOptions, Report } from '../../analyzer/index.ts';
import { recordsOf } from './capture-cache.ts';
import { writeCapture } from './pcap-records.ts';
import { oneInTurn } from './sample.ts';
import { allScenarios, captureBytes, type Scenario } from './scenario.ts';
import {
  comparable,
  diagnoseInputs,
  difference,
  type Input,
  labelled,
  labelOf,
  named,
  saidOf,
  shuffled,
  whyWrong,
} from './together.ts';

/** A scenario is diagnosed dozens of times, and its captures have up to 37 MB. */
const PATIENCE = 240_000;
const SECOND = 1_000_000_000n;
/** ns: a time that is asked for holds by every capture's own clock, and these agree no better in one network. */
const CLOCKS = 100_000n;

const scenarios = allScenarios();
const reports = new Map<(scenario: Scenario) => Input[], WeakMap<Scenario, Report>>();

/** The report of all captures in the order of their names, made once. */
function inOrder(scenario: Scenario, inputsOf: (scenario: Scenario) => Input[]): Report {
  const made = reports.get(inputsOf) ?? new WeakMap<Scenario, Report>();
  reports.set(inputsOf, made);
  const report = made.get(scenario) ?? diagnoseInputs(inputsOf(scenario));
  made.set(scenario, report);
  return report;
}

const whole = (scenario: Scenario): Report => inOrder(scenario, labelled);

const ALL_WAYS: Readonly<Record<string, (scenario: Scenario) => Input[]>> = {
  labelled,
  'named by their files': named,
  // In the order of the alphabet the names say nothing, and differ from the order in which they are given.
  'without names': (s) => named(s).map((input, i) => ({ ...input, file: `${(i * 5 + 2) % 7}.pcap` })),
};

const ORDERS: Readonly<Record<string, (inputs: readonly Input[]) => Input[]>> = {
  reversed: (inputs) => [...inputs].reverse(),
  'from the third on': (inputs) => [...inputs.slice(2), ...inputs.slice(0, 2)],
  shuffled: (inputs) => shuffled(inputs, 77),
};

/** An order of captures that are given in one way. */
const SHUFFLES = Object.entries(ALL_WAYS).flatMap(([way, inputsOf]) =>
  Object.entries(ORDERS).map(([order, give]) => ({ way, inputsOf, order, give })),
);

/** Of the copies of a scenario's captures, and of other incidents' captures, one in so many. */
const COPIES_STEP = 7;
const OTHERS_STEP = 4;

/** A time that is asked for, in seconds after the path was lost. */
const WINDOWS = [
  ['--from', -1n, null],
  ['--to', null, 20n],
  ['--from and --to', -1n, 15n],
] as const;

describe.each(scenarios.map((scenario, at) => ({ ...scenario, scenario, at })))(
  '$name',
  ({ scenario, at }) => {
    test.each(oneInTurn(SHUFFLES, at))(
      'the order of captures changes nothing: $way, $order',
      ({ inputsOf, give }) => {
        const expected = comparable(inOrder(scenario, inputsOf));
        const found = comparable(diagnoseInputs(give(inputsOf(scenario))));
        expect(difference(found, expected)).toBeNull();
      },
      PATIENCE,
    );

    test('what the names of files say, said by the user, changes nothing else', () => {
      const said = {
        captures: whole(scenario).captures.map((c) => ({ ...c, vantage: { ...c.vantage, inferred: true } })),
      };
      const told = comparable({ ...whole(scenario), ...said });
      expect(difference(comparable(inOrder(scenario, named)), told)).toBeNull();
    });

    test(
      'a capture given twice makes no answer wrong',
      () => {
        const copies = named(scenario).flatMap(copiesOf);
        expectNone(oneInTurn(copies, at, COPIES_STEP).flatMap((copy) => wrongWhenTwice(scenario, copy)));
      },
      PATIENCE,
    );

    test(
      'captures that are cut into two files each say the same',
      () => {
        const cut = diagnoseInputs(scenario.captures.flatMap((file) => halves(scenario, file)));
        const expected = withoutFiles(comparable(whole(scenario)) as Report);
        const joined = comparable(cut, { frame: (file, frame) => fromHalf(scenario, file, frame) }) as Report;
        expect(difference(withoutFiles(joined), expected)).toBeNull();
      },
      PATIENCE,
    );

    test.each(oneInTurn(WINDOWS, at))(
      '%s says what captures say that were cut there',
      (_name, from, to) => {
        const around = lostAt(scenario);
        const window = {
          ...(from === null ? {} : { from: around + from * SECOND }),
          ...(to === null ? {} : { to: around + to * SECOND }),
        };
        const seen = comparable(diagnoseInputs(labelled(scenario), window)) as Report;
        expect(difference(withoutFiles(seen), withoutFiles(cutTo(scenario, window)), CLOCKS)).toBeNull();
      },
      PATIENCE,
    );
  },
);

/** A capture again, and whose it is. */
interface Copy {
  readonly of: string;
  readonly copy: Input;
}

const copiesOf = ({ file, bytes }: Input): Copy[] => [
  { of: file, copy: { file: 'copy.pcap', bytes } },
  { of: file, copy: { file: 'copy.pcap', bytes, vantage: { host: 'tap' } } },
  { of: file, copy: { file: 'copy.pcap', bytes, vantage: labelOf(file) } },
];

function wrongWhenTwice(scenario: Scenario, { of, copy }: Copy): string[] {
  const wrongAnyway = whyWrong(whole(scenario), scenario);
  const why = whyWrong(diagnoseInputs([...labelled(scenario), copy]), scenario);
  const label = copy.vantage === undefined ? 'without a label' : `as ${copy.vantage.host}`;
  return why === null || wrongAnyway !== null ? [] : [`${of} again ${label}: ${why}`];
}

/** The message has all lines: that of a list is cut. */
const expectNone = (broken: readonly string[]): void => expect(broken, broken.join('\n')).toEqual([]);

const half = (scenario: Scenario, file: string): number =>
  Math.ceil(recordsOf(scenario, file).records.length / 2);

function halves(scenario: Scenario, file: string): Input[] {
  const pcap = recordsOf(scenario, file);
  const at = half(scenario, file);
  return [pcap.records.slice(0, at), pcap.records.slice(at)].map((records, i) => ({
    file: i === 0 ? file : `${file}.2`,
    vantage: labelOf(file),
    bytes: writeCapture(records, pcap),
  }));
}

function fromHalf(scenario: Scenario, file: string, frame: number): { file: string; frame: number } {
  if (!file.endsWith('.2')) return { file, frame };
  const name = file.slice(0, -2);
  return { file: name, frame: frame + half(scenario, name) };
}

/** Without what is said of the files themselves; tshark numbers the streams of each by itself. */
function withoutFiles(report: Report): unknown {
  const captures = (ids: readonly string[]): string[] => [
    ...new Set(ids.map((id) => id.replace(/\.2$/, ''))),
  ];
  return {
    ...report,
    captures: [],
    clocks: report.clocks.filter((c) => !c.capture.endsWith('.2')),
    flows: report.flows.map(({ streams, legs, ...flow }) => ({
      ...flow,
      seenAt: captures(flow.seenAt),
      ...(legs === undefined ? {} : { legs: legs.map((l) => ({ ...l, seenAt: captures(l.seenAt) })) }),
    })),
  };
}

/** ns since the epoch; of a control, some moment in the middle. */
function lostAt(scenario: Scenario): bigint {
  const { pathLost } = scenario.truth;
  if (pathLost !== null) return BigInt(Math.round(Number(pathLost) * 1e6)) * 1000n;
  const [first] = recordsOf(scenario, 'client.pcap.gz').records;
  return (first?.time ?? 0n) + 3n * SECOND;
}

/** The report of captures that hold the frames of a time only, with the frames' numbers in the whole captures. */
function cutTo(scenario: Scenario, { from, to }: Pick<AnalysisOptions, 'from' | 'to'>): Report {
  const skipped = new Map<string, number>();
  let ranOn = false;
  const inputs = scenario.captures.map((file): Input => {
    const pcap = recordsOf(scenario, file);
    const isIn = (time: bigint): boolean =>
      (from === undefined || time >= from) && (to === undefined || time <= to);
    const kept = pcap.records.filter((r) => isIn(r.time));
    ranOn ||= to !== undefined && pcap.records.some((r) => r.time > to);
    skipped.set(file, (kept[0]?.frame ?? 1) - 1);
    return { file, vantage: labelOf(file), bytes: writeCapture(kept, pcap) };
  });
  const report = diagnoseInputs(inputs, ranOn && to !== undefined ? { until: to } : {});
  const frame = (file: string, n: number): { file: string; frame: number } => ({
    file,
    frame: n + (skipped.get(file) ?? 0),
  });
  return comparable(report, { frame }) as Report;
}

/** Files that hold nothing, or nothing that can be read. */
const NOTHING = {
  'no byte': new Uint8Array(),
  'a header': writeCapture([], { snaplen: 65_535, linkType: 1 }),
  'no capture': Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255),
};
const LABELS = [undefined, { host: 'node-c', side: 'in' as const }, { host: 'client' }];
const EXTRAS = Object.entries(NOTHING).flatMap(([what, bytes]) =>
  LABELS.flatMap((vantage) =>
    (['first', 'last'] as const).map((place) => {
      const extra: Input = { file: 'extra.pcap', bytes, ...(vantage === undefined ? {} : { vantage }) };
      return { name: `${what}, ${place}, as ${vantage?.host ?? 'what it may be'}`, extra, place };
    }),
  ),
);

describe.each(scenarios.map((scenario, at) => ({ ...scenario, scenario, at })))(
  'beside the captures of an incident: $name',
  ({ scenario, at }) => {
    test.each(oneInTurn(EXTRAS, at))(
      'a file that holds nothing, or nothing that can be read, changes only its own entry: $name',
      ({ extra, place }) => {
        const own = labelled(scenario);
        const report = diagnoseInputs(place === 'first' ? [extra, ...own] : [...own, extra]);
        const without = (file: string): boolean => file === extra.file;
        expect(difference(comparable(report, { without }), comparable(whole(scenario)))).toBeNull();
      },
      PATIENCE,
    );

    test(
      'a capture of another incident changes nothing that is said',
      () => {
        const others = scenarios.filter((s) => s !== scenario && !s.control);
        const said = saidOf(whole(scenario), scenario);
        const two = [7, 18].map((further) => others[(at + further) % others.length] as Scenario);
        const foreign = two.flatMap(foreignOf);
        const found = oneInTurn(foreign, at, OTHERS_STEP).flatMap(({ other, source, given }) => {
          const input = { ...given, bytes: captureBytes(other, source) };
          const now = saidOf(diagnoseInputs([...labelled(scenario), input]), scenario);
          return now === said
            ? []
            : [`with ${other.name}'s ${source} as ${given.file}: ${now}, without: ${said}`];
        });
        expectNone(found);
      },
      PATIENCE,
    );
  },
);

/** Captures of the ends, with and without a name for where they were taken. */
function foreignOf(other: Scenario): { other: Scenario; source: string; given: Omit<Input, 'bytes'> }[] {
  return other.captures
    .filter((source) => /^(?:client|server)\./.test(source))
    .flatMap((source) => [
      { other, source, given: { file: 'other.pcap' } },
      {
        other,
        source,
        given: { file: `other-${labelOf(source).host}.pcap`, vantage: { host: 'elsewhere' } },
      },
    ]);
}
