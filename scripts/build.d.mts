/** For tests that bundle a program of their own. */
import type { BuildOptions } from 'esbuild';

/** What every bundle of this repository shares. */
export function bundleOptions(): BuildOptions;
