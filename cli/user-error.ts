/**
 * A failed operation that the user can do something about. Thrown where it is
 * known, caught once in `main.ts`, printed as `error: …` and `help: …`.
 * Bad bytes inside a capture are not this: they are problems in the report.
 */

export type UserErrorCode = 'usage' | 'input' | 'output' | 'strict' | 'server';

export class UserError extends Error {
  readonly code: UserErrorCode;
  /** The next step, one line; empty where there is none. */
  readonly hint: string;

  constructor(code: UserErrorCode, message: string, hint = '', options?: ErrorOptions) {
    super(message, options);
    this.name = 'UserError';
    this.code = code;
    this.hint = hint;
  }
}

/** The code of a failed system call (`ENOENT`, …), or '' for any other error. */
export function systemErrorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}
