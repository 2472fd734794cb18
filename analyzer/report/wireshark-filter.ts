/**
 * Wireshark's display filters for a flow: the frames that its verdict cites, and the whole of it.
 * The trap: a frame number means something in one capture only, so there is a filter a capture.
 */
import type { Endpoint, Flow, FrameRef } from './report.ts';

/** A filter with more frames than this is no longer read, only pasted. */
const FILTER_FRAMES = 40;

/** `frame.number == 12 || frame.number == 19`, a capture an entry: the form every version of Wireshark knows. */
export function wiresharkFilters(flow: Flow): Map<string, string> {
  const frames = new Map<string, Set<number>>();
  for (const { capture, frame } of citedFrames(flow)) {
    const numbers = frames.get(capture) ?? new Set();
    frames.set(capture, numbers.add(frame));
  }
  return new Map([...frames].map(([capture, numbers]) => [capture, frameFilter([...numbers])]));
}

/** The first 40 of these frames. Frames in a row become a range, so that a long ladder does not push the rest out. */
export function frameFilter(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers.slice(0, FILTER_FRAMES).sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && number === run[1] + 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs
    .flatMap(([from, to]) =>
      to - from >= 2
        ? [`(frame.number >= ${from} && frame.number <= ${to})`]
        : from === to
          ? [`frame.number == ${from}`]
          : [`frame.number == ${from}`, `frame.number == ${to}`],
    )
    .join(' || ');
}

/**
 * What shows the whole flow, and in which captures: tshark's stream number where it is known, else
 * its addresses and ports, of which a gateway may have changed some on the way.
 */
export function flowFilters(flow: Flow): Map<string, string[]> {
  const filters = new Map<string, string[]>();
  for (const capture of flow.seenAt) {
    const stream = flow.streams?.[capture];
    const filter = stream === undefined ? tupleFilter(flow, capture) : `${flow.protocol}.stream == ${stream}`;
    filters.set(filter, [...(filters.get(filter) ?? []), capture]);
  }
  return filters;
}

function tupleFilter(flow: Flow, capture: string): string {
  const { client, server } = flow.legs?.find(({ seenAt }) => seenAt.includes(capture)) ?? flow;
  const ports = (...pair: Endpoint[]): string =>
    pair.map((one) => `${flow.protocol}.port == ${one.port}`).join(' && ');
  if (flow.translated === undefined) {
    const addresses = [client, server].map(({ address }) => {
      return `${address.includes(':') ? 'ipv6' : 'ip'}.addr == ${address}`;
    });
    return [...addresses, ports(client, server)].join(' && ');
  }
  // Which end a translated one stands for is not said, so it may be either; addresses would tell no more.
  const pairs = [
    [client, server],
    ...flow.translated.flatMap((other) => [
      [other, server],
      [client, other],
    ]),
  ];
  const filters = new Set(pairs.filter(([a, b]) => a!.port !== b!.port).map((pair) => ports(...pair)));
  return filters.size === 1 ? [...filters].join('') : [...filters].map((one) => `(${one})`).join(' || ');
}

function citedFrames(flow: Flow): FrameRef[] {
  const ofStalls = flow.stalls.flatMap(({ frames }) =>
    frames.first ? [frames.last, frames.first] : [frames.last],
  );
  const ofEnd = flow.endedBy ? [flow.endedBy.frame] : [];
  // How it stopped and how it ended come first: they must not fall off.
  return [...ofStalls, ...ofEnd, ...flow.claims.flatMap(({ frames }) => frames)];
}
