/**
 * The receiver's window was closed: the sender may not send (RFC 9293, 3.8.6).
 * Judged stall by stall in `innocent.ts`, before anything else.
 */
import { out, possible, type Rule } from '../rule.ts';

export const zeroWindow: Rule = {
  id: 'zero-window',
  meaning: 'the receiver had closed its window',
  judge(c) {
    if (c.main?.innocent?.cause === 'zero-window') return possible(200);
    const frames = c.main?.stall.silence.window[c.main.stall.waiting] ?? -1;
    return out(
      frames > 0
        ? `the waiting end's window was open (${frames} units) when it fell silent`
        : 'no closed window was advertised when it fell silent',
    );
  },
};
