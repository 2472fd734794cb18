/**
 * Whether a capture can be, before it is begun: the program, what it refuses, the filter, and the privilege, each tried and not
 * guessed. What is not there yet, such as the interface, is no fault.
 */
import { CollectorError } from '../words.ts';
import { startEngine } from './child.ts';
import type { Engine, EnginePlan } from './engine.ts';
import type { LinkWatch } from './link-watch.ts';

/** ms. */
const TRIAL_LIMIT = 10_000;

/** @throws CollectorError in one line, with what to do */
export async function checkPlan(plan: EnginePlan, engine: Engine, links: LinkWatch): Promise<void> {
  await engine.version();
  const refused = engine.refuses(plan);
  if (refused !== null) throw new CollectorError(`${plan.interface}: ${refused}`);
  await engine.checkFilter(plan);
  await links.ready;
  const isThere = plan.interface === 'any' || links.state(plan.interface)?.up === true;
  // Whether it may capture shows on any interface; whether the filter suits this one only there.
  const fault = await tryEngine(engine, isThere ? plan : { ...plan, interface: 'any', filter: '' });
  if (fault !== null) throw new CollectorError(fault.why, fault.hint);
}

/** Until it captures. Null, or why it does not. */
function tryEngine(engine: Engine, plan: EnginePlan): Promise<{ why: string; hint: string } | null> {
  return new Promise((resolve) => {
    let begun = false;
    const timer = setTimeout(() => child.end(`${engine.name} did not begin`), TRIAL_LIMIT);
    const child = startEngine(engine, plan, {
      begin: () => {
        begun = true;
        child.end('');
      },
      records: () => {},
      word: () => {},
      ended: (why, hint) => {
        clearTimeout(timer);
        resolve(begun ? null : { why, hint });
      },
    });
  });
}
