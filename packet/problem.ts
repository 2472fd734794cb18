/**
 * Bad input is data. A decoder never throws on bytes: it returns what it
 * understood and reports what it did not as a `Problem` beside it.
 * The trap: `truncated` (the bytes end too early) and `malformed` (the bytes
 * contradict themselves) mean different things to a reader of the report.
 */

export type ProblemKind = 'truncated' | 'malformed' | 'unsupported';

/** One thing in the input that was not as it should be. */
export interface Problem {
  /** Stable, kebab-case: `record-cut`, `block-too-long`, `time-backwards`, … */
  readonly code: string;
  /** A plain sentence for people: what, where, and what was done about it. */
  readonly message: string;
  readonly kind: ProblemKind;
  readonly at: {
    /** Byte offset in the decompressed file, where known. */
    readonly offset?: number;
    /** 1-based frame number, where known. */
    readonly frame?: number;
  };
}

/** Where decoders put problems. Implementations bound how many they keep. */
export type ProblemSink = (problem: Problem) => void;

/** A sentence as it reads after a colon: small first letter, no full stop. */
export function asClause(sentence: string): string {
  const isWord = /^[A-Z][a-z]/.test(sentence) || /^A /.test(sentence);
  const start = isWord ? sentence[0]!.toLowerCase() + sentence.slice(1) : sentence;
  return start.replace(/\.$/, '');
}
