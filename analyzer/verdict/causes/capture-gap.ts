/**
 * Frames are missing from the file, not from the wire. Judged stall by stall in
 * `innocent.ts`: somebody acknowledged what the capture never saw.
 */
import { out, type Rule } from '../rule.ts';

export const captureGap: Rule = {
  id: 'capture-gap',
  meaning: 'the capture missed frames',
  judge: () => out('no byte was acknowledged that is not in the capture'),
};
