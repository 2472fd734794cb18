/** Tests stand beside the code; what crosses folders is in test/. Slow ones are named `*.slow.test.ts`. */

import { defineConfig } from 'vitest/config';
import manifest from './package.json' with { type: 'json' };

export default defineConfig({
  define: { __STALLSCOPE_VERSION__: JSON.stringify(manifest.version) },
  test: {
    include: ['**/*.test.{ts,tsx}'],
    exclude: ['node_modules/**', 'dist/**', '.cache/**'],
    setupFiles: ['test/property-seed.ts'],
    // The runner itself is idle while tests run.
    maxWorkers: '100%',
    // Two shared cores: a test that takes 1 s alone may take ten times that in company, and more beside a browser.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
