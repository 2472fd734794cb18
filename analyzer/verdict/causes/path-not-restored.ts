/**
 * The path went and did not come back while anybody watched.
 * Ruled out by any sign of life over the same path after the loss.
 */
import { unlessAnswered, unlessWentOn } from '../gates.ts';
import { out, possible, type Rule } from '../rule.ts';
import { pathNotRestored as byTheWay } from '../way/path.ts';

export const pathNotRestored: Rule = {
  id: 'path-not-restored',
  meaning: 'the path did not come back to the end of the capture',
  onTheWay: byTheWay,
  judge(c) {
    const gate = unlessWentOn(c) ?? unlessAnswered(c);
    if (gate !== null) return gate;
    if (c.outcome === 'reset') return out('the reset came over the path: it works');
    if (c.main?.path.heardSince != null)
      return out('other connections over the same path were heard after the stall began');
    return possible(78);
  },
};
