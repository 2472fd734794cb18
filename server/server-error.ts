/**
 * An operation that fails for a reason that its user can understand: one sentence, and the next step.
 * `server/http/` turns it into `ApiError` by `status`; the command into its own error. Anything else
 * that is thrown is a bug.
 */
export type ServerErrorCode =
  /** There is no such incident, file, flow, lane or pin. */
  | 'not-found'
  /** A value that nobody can use: a term of a filter, a vantage's name, a time to keep. */
  | 'bad-request'
  | 'not-a-capture'
  | 'too-large'
  | 'disk-full'
  /** The database cannot be used: its package is missing, it is newer, damaged, or in use. */
  | 'no-database-package'
  | 'newer-database'
  | 'damaged-database'
  | 'data-in-use'
  /** The server cannot listen there. */
  | 'port-in-use'
  | 'no-such-host';

const STATUS: Record<ServerErrorCode, number> = {
  'not-found': 404,
  'bad-request': 400,
  'not-a-capture': 415,
  'too-large': 413,
  'disk-full': 507,
  'no-database-package': 500,
  'newer-database': 500,
  'damaged-database': 500,
  'data-in-use': 500,
  'port-in-use': 500,
  'no-such-host': 500,
};

export class ServerError extends Error {
  readonly code: ServerErrorCode;
  /** The next step, one line; empty where there is none. */
  readonly hint: string;

  constructor(code: ServerErrorCode, message: string, hint = '') {
    super(message);
    this.name = 'ServerError';
    this.code = code;
    this.hint = hint;
  }

  /** Of HTTP. */
  get status(): number {
    return STATUS[this.code];
  }
}
