/** A bug is an assertion: it is thrown, and nobody catches it to go on. */

/** For the default branch of a switch over a union: the compiler proves that it is never reached. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${String(value)}`);
}
