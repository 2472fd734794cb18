/**
 * For tests: captures as a program of its own, so that it can be in a namespace, and be killed. It is given one argument,
 * `TestCollectorPlan` as JSON, and says all that sink and events are told, a JSON object a line; a line on its standard
 * input ends it.
 */
import { capEngine } from './cap.ts';
import type { Engine } from './engine.ts';
import { watchLinks } from './link-watch.ts';
import { type CapturePlan, captureInterface } from './supervisor.ts';
import { tcpdumpEngine } from './tcpdump.ts';

export interface TestCollectorPlan {
  readonly captures: readonly CapturePlan[];
  /** In front of what is run, such as a program that never begins. */
  readonly instead?: readonly string[];
  /** `cap-child.ts`, bundled: captures with that. */
  readonly cap?: string;
  /** False: links are polled. */
  readonly ip?: boolean;
}

const plan = JSON.parse(process.argv[2]!) as TestCollectorPlan;
const say = (said: object): void => {
  const text = JSON.stringify(said, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  process.stdout.write(`${text}\n`);
};
const real = plan.cap === undefined ? tcpdumpEngine() : capEngine({ program: plan.cap });
const engine: Engine = plan.instead ? { ...real, command: () => plan.instead! } : real;
const links = plan.ip === false ? watchLinks(null) : watchLinks();

const captures = plan.captures.map((capture) => {
  const of = capture.interface;
  const sink = {
    begin: (at: bigint, linkType: number) => say({ sink: 'begin', of, at, linkType }),
    packets: (view: DataView, from: number, to: number) => {
      for (let at = from; at < to; at += 16 + view.getUint32(at + 8, true)) {
        const bytes = Buffer.from(view.buffer, view.byteOffset + at + 16, view.getUint32(at + 8, true));
        const stamp =
          BigInt(view.getUint32(at, true)) * 1_000_000_000n + BigInt(view.getUint32(at + 4, true));
        say({
          sink: 'packet',
          of,
          at: stamp,
          original: view.getUint32(at + 12, true),
          hex: bytes.toString('hex'),
        });
      }
    },
    counts: (at: bigint, received: number | null, dropped: number | null) =>
      say({ sink: 'counts', of, at, received, dropped }),
    gap: (from: bigint, why: string, link?: string) => say({ sink: 'gap', of, from, why, link }),
    link: (at: bigint, up: boolean) => say({ sink: 'link', of, at, up }),
  };
  return captureInterface(capture, engine, sink, (event) => say(event), links);
});

process.stdin.once('data', () => void stop());

async function stop(): Promise<void> {
  for (const capture of captures) await capture.stop();
  for (const capture of captures) say({ sink: 'end', ...capture.counts() });
  links.stop();
  process.stdin.destroy();
}
