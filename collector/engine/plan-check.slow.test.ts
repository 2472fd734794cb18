/** Faults of a plan, as they are told before the capture begins; and the one privilege that it needs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { type LinkWatch, watchLinks } from './link-watch.ts';
import { checkPlan } from './plan-check.ts';
import { findProgram } from './program.ts';
import { tcpdumpEngine } from './tcpdump.ts';

const canCapture = process.getuid?.() === 0 && findProgram('tcpdump') !== null;
const hasSetpriv = findProgram('setpriv') !== null;
const PLAN = { interface: 'lo', filter: 'arp', snaplen: 128, buffer: 1_000_000 };
const tcpdump = tcpdumpEngine();

/** The same engine, run by somebody who has these capabilities and no others. */
function asNobody(capabilities: string): Engine {
  const sets = ['--inh-caps', '--ambient-caps', '--bounding-set'];
  const who = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const prefix = [...who, ...sets.flatMap((set) => [set, `-all${capabilities}`])];
  return { ...tcpdump, command: (plan) => [...prefix, ...tcpdump.command(plan)] };
}

describe.skipIf(!canCapture)('the check of a plan, with tcpdump as root', () => {
  let links: LinkWatch;
  beforeAll(() => {
    links = watchLinks();
  });
  afterAll(() => links.stop());

  it('passes what can be captured, and an interface that is not there yet', async () => {
    await checkPlan(PLAN, tcpdump, links);
    await checkPlan({ ...PLAN, interface: 'any', filter: '' }, tcpdump, links);
    await checkPlan({ ...PLAN, interface: 'not-yet' }, tcpdump, links);
  });

  it.each(['lo', 'any', 'not-yet'])('tells of a filter with a fault, for %s', async (name) => {
    const checked = checkPlan({ ...PLAN, interface: name, filter: 'tcp prot 80' }, tcpdump, links);
    await expect(checked).rejects.toMatchObject({
      message: `${name}: the filter does not hold: syntax error: tcp prot 80`,
      hint: expect.stringMatching(/pcap-filter/),
    });
  });

  it('tells what an engine refuses', async () => {
    const checked = checkPlan(PLAN, { ...tcpdump, refuses: () => 'not there' }, links);
    await expect(checked).rejects.toThrow('lo: not there');
  });

  it.skipIf(!hasSetpriv)('tells, with setpriv, who may not capture how to be allowed to', async () => {
    await expect(checkPlan(PLAN, asNobody(''), links)).rejects.toMatchObject({
      message: 'tcpdump may not capture on lo',
      hint: expect.stringMatching(/setcap cap_net_raw/),
    });
  });

  it.skipIf(!hasSetpriv)('needs CAP_NET_RAW alone, with setpriv', async () => {
    await checkPlan(PLAN, asNobody(',+net_raw'), links);
  });
});
