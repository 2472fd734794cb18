/** Judges one capture after the other for `foreign.ts`, in a process that may crash, hang or fill its memory. */
import { writeFileSync } from 'node:fs';
import { type Judgement, judgeCapture } from './judge.ts';

export interface ForeignJob {
  readonly path: string;
}

export type ForeignReply =
  | { readonly judged: Judgement }
  /** A stack. */
  | { readonly threw: string };

process.on('message', (job: ForeignJob) => {
  global.gc?.();
  forgetPeak();
  judgeCapture(job.path).then(
    (judged) => send({ judged }),
    (error: unknown) =>
      send({ threw: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});

const send = (reply: ForeignReply): void => {
  process.send?.(reply);
};

/** Sets the mark of the most memory back to what is held now (Linux, proc(5), `clear_refs`). */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the mark stays where the largest capture so far has left it.
  }
}
