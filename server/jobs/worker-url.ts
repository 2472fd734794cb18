/**
 * Where the worker's code is: bundled beside the command, in `dist/`. From sources there is none;
 * tests make a bundle (`test-worker.ts`) and name it.
 */
export const workerUrl = (): URL => new URL('./analysis-worker.js', import.meta.url);
