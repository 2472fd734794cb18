/**
 * The captures of the scenario at hand, unpacked and taken apart once. Only the
 * last scenario is kept: all of them together would fill the memory.
 */
import { type PcapFile, readPcap } from './pcap-records.ts';
import { captureBytes, type Scenario } from './scenario.ts';

interface Unpacked {
  readonly bytes: Uint8Array;
  pcap?: PcapFile;
}

let held: { scenario: Scenario; files: Map<string, Unpacked> } | null = null;

function unpacked(scenario: Scenario, file: string): Unpacked {
  if (held?.scenario !== scenario) held = { scenario, files: new Map() };
  const known = held.files.get(file) ?? { bytes: captureBytes(scenario, file) };
  held.files.set(file, known);
  return known;
}

/** The bytes of one capture of a scenario. */
export const bytesOf = (scenario: Scenario, file: string): Uint8Array => unpacked(scenario, file).bytes;

/** Its records. */
export function recordsOf(scenario: Scenario, file: string): PcapFile {
  const entry = unpacked(scenario, file);
  entry.pcap ??= readPcap(entry.bytes);
  return entry.pcap;
}
