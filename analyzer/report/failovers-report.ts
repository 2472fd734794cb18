/**
 * The failovers of an incident: what the nodes' captures show, and what the
 * ends imply where they do not.
 * The trap: one failover seen from three sides is still one.
 */
import { type Nanos, toEpoch } from '../../packet/time.ts';
import { NO_OUTAGE, type Takeover } from '../failover/takeover.ts';
import { type Busy, passedThroughout } from '../failover/tenure.ts';
import { contrastOf } from '../verdict/contrast.ts';
import type { InferredFailover } from '../verdict/inferred-failover.ts';
import type { Lived } from '../verdict/members.ts';
import { inferred, observed } from '../verdict/rule.ts';
import type { JudgedIncident, ReportVantage } from './build-report.ts';
import { toClaim } from './flow-report.ts';
import type { Claim, Failover } from './report.ts';

/** Times are ns since the common base. */
interface Found {
  /** False where its two times are by clocks that nothing ties. */
  readonly tied: boolean;
  lost: Nanos;
  restored: Nanos | null;
  seen: boolean;
  from: string | undefined;
  to: string | undefined;
  marks: Claim[];
  lostWithin: Nanos | null;
  restoredWithin: Nanos | null;
  directions: Takeover['directions'];
  /** To here it explains what the ends felt. */
  until: Nanos;
}

/** A loss may show a little later in one place than in another. */
const SLACK: Nanos = 2_000_000_000;

export function failoversOf(
  incident: JudgedIncident,
  inferred: readonly { vantage: number; failovers: readonly InferredFailover[] }[],
): Failover[] {
  const { vantages, forwarded } = incident.correlation;
  const implied = mergeImplied(
    inferred.flatMap(({ vantage, failovers }) => {
      // What clocks that nothing ties say of one time cannot be compared.
      const tied = forwarded.filter((b) => b.anchor === vantages[vantage]?.clock.anchor);
      return failovers.map((f) => toFound(f, vantage, incident)).filter((f) => !isDisproved(f, tied));
    }),
  );
  const shown = joinSplit(incident.correlation.takeovers.map((t, i) => fromTakeover(t, i, incident)));
  const found = [...shown];
  for (const one of implied) {
    const same = shown.find(
      // By clocks that nothing ties, any may be the same.
      (t) =>
        !t.tied ||
        (one.lost <= t.until + SLACK && (one.restored ?? Number.POSITIVE_INFINITY) >= t.lost - SLACK),
    );
    if (same === undefined) found.push(one);
    else {
      same.marks.push(...one.marks);
      narrow(same, one);
    }
  }
  const reports = found.sort((a, b) => a.lost - b.lost).map((f, i) => toReport(f, i, incident));
  // Of several failovers nothing says which of them broke a connection that lived through more than one.
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) {
    const contrast = contrastOf(livesOf(incident), only);
    if (contrast.length > 0) (reports[0] as Failover).contrast = contrast;
  }
  return reports;
}

/** Every connection with its first and last segment by the reference's clock, in ns since the common base. */
const livesOf = ({ flows, correlation }: JudgedIncident): Lived[] =>
  flows.map(({ judged, vantage }) => {
    const { firstTime, lastTime } = judged.case.flow;
    const own = correlation.vantages[vantage];
    const at = (t: Nanos): Nanos => (own === undefined ? t : own.clock.toReference(t + own.shift));
    return { judged, from: at(firstTime), to: at(lastTime) };
  });

/** Some connections stood still, and the nodes passed on others all the while: what they met is no lost path. */
function isDisproved({ lost, restored }: Found, forwarded: readonly Busy[]): boolean {
  const last = forwarded.reduce((t, b) => Math.max(t, b.to), lost);
  return passedThroughout(forwarded, lost, Math.min(restored ?? last, last));
}

/** The ends date a loss by what they heard last, and a return by what they heard first. */
function narrow(shown: Found, implied: Found): void {
  if (shown.restored !== null) return;
  shown.restored = implied.restored;
  shown.restoredWithin = implied.restoredWithin;
}

function toFound(f: InferredFailover, vantage: number, { vantages, correlation }: JudgedIncident): Found {
  const own = correlation.vantages[vantage];
  const at = (t: Nanos): Nanos => (own === undefined ? t : own.clock.toReference(t + own.shift));
  const { clock } = vantages[vantage] as ReportVantage;
  return {
    lost: at(f.pathLost),
    restored: f.pathRestored === null ? null : at(f.pathRestored),
    seen: false,
    from: undefined,
    to: undefined,
    tied: true,
    lostWithin: f.lostWithin,
    restoredWithin: f.restoredWithin,
    directions: [],
    until: f.pathRestored === null ? Number.POSITIVE_INFINITY : at(f.pathRestored),
    marks: f.marks.map((m) => {
      const what = m.kind === 'vrrp-master' ? 'vrrp' : m.kind === 'address-moved' ? 'arp' : 'segment';
      return toClaim(observed(m.text, [m.frame], { from: 'network', what }), clock);
    }),
  };
}

function mergeImplied(all: readonly Found[]): Found[] {
  const merged: Found[] = [];
  for (const one of [...all].sort((a, b) => a.lost - b.lost)) {
    const last = merged.at(-1);
    if (last !== undefined && one.lost <= (last.restored ?? Number.POSITIVE_INFINITY)) {
      last.lost = Math.max(last.lost, Math.min(one.lost, last.restored ?? one.lost));
      last.restored =
        last.restored === null
          ? one.restored
          : one.restored === null
            ? last.restored
            : Math.min(last.restored, one.restored);
      last.marks.push(...one.marks);
    } else merged.push({ ...one });
  }
  return merged;
}

function fromTakeover(t: Takeover, index: number, { correlation, vantages }: JudgedIncident): Found {
  const host = (node: number): string | undefined =>
    correlation.vantages.find((v) => v.station.place === 'node' && v.station.node === node)?.station.host;
  const clock = (vantages[0] as ReportVantage).clock;
  const marks: Claim[] = [
    toClaim(
      observed(`the last that ${host(t.from) ?? 'the old node'} passed on`, [t.lostFrame], {
        from: 'other-flow',
        what: 'segment',
      }),
      clock,
    ),
  ];
  if (t.restoredFrame !== null) {
    marks.push(
      toClaim(
        observed(`the first sign of ${host(t.to) ?? 'the new node'} in the path`, [t.restoredFrame], {
          from: 'network',
          what: 'segment',
        }),
        clock,
      ),
    );
  }
  if (!t.tied) {
    const nodes = `${host(t.from) ?? 'the old node'} and ${host(t.to) ?? 'the new node'}`;
    marks.push(
      toClaim(
        inferred(`nothing ties the clocks of ${nodes}: how long the path was gone is not known`),
        clock,
      ),
    );
  }
  return {
    tied: t.tied,
    lost: t.lost,
    restored: t.restored,
    seen: t.restored !== null,
    from: host(t.from),
    to: host(t.to),
    marks,
    lostWithin: correlation.bounds[index]?.lostWithin ?? null,
    restoredWithin: correlation.bounds[index]?.restoredWithin ?? null,
    directions: t.directions,
    until: t.restored ?? Number.POSITIVE_INFINITY,
  };
}

/** Two nodes in service at once hand a path to and fro without an outage: one event. */
function joinSplit(all: readonly Found[]): Found[] {
  const joined: Found[] = [];
  for (const one of all) {
    const last = joined.at(-1);
    const noOutage = (f: Found): boolean => f.tied && f.restored !== null && f.restored - f.lost < NO_OUTAGE;
    if (last !== undefined && noOutage(last) && noOutage(one)) {
      last.marks.push(...one.marks);
      last.until = one.restored ?? one.lost;
    } else joined.push({ ...one });
  }
  return joined;
}

/** Merged from several views, a spacing may reach past the other end. */
function withinOutage(within: Nanos | null, { lost, restored }: Found): number | null {
  if (within === null) return null;
  const longest = restored === null ? Number.POSITIVE_INFINITY : Math.max(0, restored - lost);
  return Math.min(within, longest) / 1e9;
}

function toReport(f: Found, index: number, { correlation }: JudgedIncident): Failover {
  const time = (t: Nanos): string => toEpoch(correlation.base, t).toString();
  const lostWithin = f.tied ? withinOutage(f.lostWithin, f) : null;
  const restoredWithin = f.tied ? withinOutage(f.restoredWithin, f) : null;
  return {
    id: `failover-${index + 1}`,
    pathLost: time(f.lost),
    pathRestored: f.restored === null ? null : time(f.restored),
    restoredBy: f.seen ? 'seen' : 'bound',
    outage: f.restored === null || !f.tied ? null : Math.round(f.restored - f.lost) / 1e9,
    ...(lostWithin === null ? {} : { lostWithin }),
    ...(restoredWithin === null ? {} : { restoredWithin }),
    ...(f.from === undefined ? {} : { from: f.from }),
    ...(f.to === undefined ? {} : { to: f.to }),
    ...(f.directions.length === 0
      ? {}
      : {
          directions: f.directions.map((d) => ({
            toward: d.toward,
            lost: d.lost === null ? null : time(d.lost),
            restored: d.restored === null ? null : time(d.restored),
          })),
        }),
    marks: f.marks,
  };
}
