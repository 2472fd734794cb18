/**
 * Fast tests share a process and its modules, for a start of Node takes longer than most of their files. What a file made
 * otherwise than it was for all (clocks, globals, variables of the environment, spies) is put back at its end.
 */
import { afterAll, vi } from 'vitest';

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});
