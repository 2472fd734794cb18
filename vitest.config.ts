/**
 * Tests stand beside the code; what crosses folders is in test/. Slow ones are named `*.slow.test.ts`.
 * Projects: fast tests, in shared processes but for those whose modules keep state (`alone`); slow ones that compute; and slow
 * ones that wait, for processes, networks and the clock. `npm test` runs those that wait beside the others, for what waits leaves
 * the machine to what computes; the others yield to them. The projects run in the order of their names: the many small files
 * come last, so that no worker is left with a large one.
 * The trap: `--exclude` of the command line does nothing where projects have an `exclude` of their own.
 */

import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import manifest from './package.json' with { type: 'json' };
import { bundledTests } from './test/bundled-tests.ts';

const WAITING = [
  '{collector,gateway,lab}/**/*.slow.test.ts',
  'cli/{collect,gateway,open,serve}.slow.test.ts',
  'server/store/kill*.slow.test.ts',
];
/** The state of the page is in its modules. */
const ALONE = 'ui/state/*.test.ts';
const SLOW = '**/*.slow.test.ts';
const NOT_OURS = ['node_modules/**', 'dist/**', '.cache/**'];
const BUNDLES = bundledTests();

/** A project of slow tests: run as bundles, with errors told by the sources. */
const slow = (name: string, include: string[], exclude: string[]): TestProjectInlineConfiguration => ({
  extends: true,
  plugins: [BUNDLES],
  test: { name, include, exclude: [...NOT_OURS, ...exclude], execArgv: ['--enable-source-maps'] },
});

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
      slow('computing', [SLOW], WAITING),
      slow('waiting', WAITING, []),
    ],
  },
});
