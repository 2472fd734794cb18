/** All frames of captures as `--annotate --frames all --redact` writes them, for the tests that look for what it may have left. */
import { type CaptureInput, createAnalysis, type Report } from '../analyzer/index.ts';
import { annotateCaptures, packetRedaction, redactionOf, redactReport } from '../postmortem/index.ts';
import { snaplenOver6, toIpv6 } from './scenarios/ipv6-rewrite.ts';
import { readPcap, writeCapture } from './scenarios/pcap-records.ts';
import { captureBytes, type Scenario } from './scenarios/scenario.ts';

export interface GivenCapture {
  readonly input: CaptureInput;
  readonly bytes: Uint8Array;
}

/** The captures of a fixture, with folders, names and hosts that occur nowhere else: each holds `acme`. */
export function capturesOf(scenario: Scenario, { isIpv6 }: { isIpv6: boolean }): GivenCapture[] {
  return scenario.captures.map((file, i) => {
    const original = captureBytes(scenario, file);
    const pcap = readPcap(original);
    const like = { linkType: pcap.linkType, snaplen: snaplenOver6(pcap.snaplen) };
    const bytes = isIpv6 ? writeCapture(toIpv6(pcap), like) : original;
    return { input: { file: `acme-site/acme-${file}`, vantage: { host: `acmefw${i}` } }, bytes };
  });
}

export function diagnosed(files: readonly GivenCapture[]): Report {
  const analysis = createAnalysis({ tool: { name: 't', version: '0' } });
  for (const { input, bytes } of files) {
    const feed = analysis.addCapture(input);
    feed.push(bytes);
    feed.end();
  }
  return analysis.finish();
}

export async function redactedCapture(
  files: readonly GivenCapture[],
  whole: Report = diagnosed(files),
): Promise<Buffer> {
  const redaction = redactionOf(whole);
  const { chunks } = annotateCaptures({
    report: redactReport(whole, redaction),
    unredacted: whole,
    inputs: whole.captures.map(({ id }, i) => ({ capture: id, chunks: once(files[i]!.bytes) })),
    frames: 'all',
    rewrite: packetRedaction(redaction),
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of chunks) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
