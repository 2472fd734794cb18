/**
 * Tests stand beside the code; what crosses folders is in test/. Slow ones are named `*.slow.test.ts`.
 * Projects: fast tests, in shared processes but for those whose modules keep state (`alone`), and slow ones. Tests that wait for
 * processes and networks run among those that compute: in a worker more, beside them, they were starved and failed; and where
 * they went before the others, the others were.
 * The trap: `--exclude` of the command line does nothing where projects have an `exclude` of their own.
 */

import { defineConfig } from 'vitest/config';
import manifest from './package.json' with { type: 'json' };
import { bundledTests } from './test/bundled-tests.ts';

/** The state of the page is in its modules. */
const ALONE = 'ui/state/*.test.ts';
const SLOW = '**/*.slow.test.ts';
const NOT_OURS = ['node_modules/**', 'dist/**', '.cache/**'];

export default defineConfig({
  define: { __STALLSCOPE_VERSION__: JSON.stringify(manifest.version) },
  test: {
    setupFiles: ['test/property-seed.ts'],
    // The runner itself is idle while tests run.
    maxWorkers: '100%',
    // Two shared cores: a test that takes 1 s alone may take ten times that in company, and more beside a browser.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...NOT_OURS, SLOW, ALONE],
          isolate: false,
          setupFiles: ['test/property-seed.ts', 'test/shared-process.ts'],
        },
      },
      { extends: true, test: { name: 'alone', include: [ALONE], exclude: [...NOT_OURS, SLOW] } },
      {
        extends: true,
        // As bundles, with errors told by the sources.
        plugins: [bundledTests()],
        test: {
          name: 'slow',
          include: [SLOW],
          exclude: NOT_OURS,
          execArgv: ['--enable-source-maps'],
          isolate: false,
          setupFiles: ['test/property-seed.ts', 'test/shared-process.ts'],
        },
      },
    ],
  },
});
