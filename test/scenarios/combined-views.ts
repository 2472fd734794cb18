/**
 * Views at random, from a seed: some of a scenario's captures, with or without
 * names, by true clocks or by clocks of their own, over IPv4 or IPv6, with or
 * without the nodes' logs. What no column of the table combines, users do.
 */
import { recordsOf } from './capture-cache.ts';
import { clockFor, clockShows, TRUE_CLOCK } from './clock-rewrite.ts';
import { snaplenOver6, toIpv6 } from './ipv6-rewrite.ts';
import { writeCapture } from './pcap-records.ts';
import type { Scenario } from './scenario.ts';
import type { Given, View } from './views.ts';

/** Numbers in [0, 1), the same for the same seed (Numerical Recipes' generator). */
function drawer(text: string): () => number {
  let state = 0x811c9dc5;
  for (const char of text) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The view number `seed` of a scenario; its name says what was drawn. */
export function combinedView(scenario: Scenario, seed: number): View {
  const draw = drawer(`${scenario.name} ${seed}`);
  const share = 0.35 + 0.65 * draw();
  const drawn = scenario.captures.filter(() => draw() < share);
  const sources = drawn.length > 0 ? drawn : [scenario.captures[0] as string];
  const order = sources.map((source) => ({ source, at: draw() })).sort((a, b) => a.at - b.at);
  const [isNamed, isShifted, overIpv6, hasJournals] = [
    draw() < 0.5,
    draw() < 0.5,
    draw() < 0.3,
    draw() < 0.3,
  ];
  const format = draw() < 0.5 ? 'pcap' : 'pcapng';
  const firstClock = Math.floor(draw() * 6);
  const since = recordsOf(scenario, sources[0] as string).records[0]?.time ?? 0n;
  const given = order.map(({ source }, i): Given => {
    const clock = isShifted ? clockFor((firstClock + i) % 6, since) : TRUE_CLOCK;
    const bytes = (): Uint8Array => {
      const pcap = recordsOf(scenario, source);
      const records = overIpv6 ? toIpv6(pcap) : pcap.records;
      const moved = records.map((r) => ({ ...r, time: clockShows(clock, r.time) }));
      const snaplen = overIpv6 ? snaplenOver6(pcap.snaplen) : pcap.snaplen;
      return writeCapture(moved, { ...pcap, snaplen }, { format, nanoseconds: true });
    };
    return { source, file: isNamed ? source : `${i + 1}.pcap`, bytes, clock };
  });
  const words = [
    order.map(({ source }) => source.replace('.pcap.gz', '')).join(' '),
    isNamed ? 'named' : 'without names',
    ...(isShifted ? [`by clocks of their own from ${firstClock} on`] : []),
    ...(overIpv6 ? ['over IPv6'] : []),
    ...(hasJournals ? ['with logs'] : []),
  ];
  return { name: words.join(', '), given: () => given, ...(hasJournals ? { journals: true } : {}) };
}
