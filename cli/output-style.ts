/** What standard output can show, of commands that have no `--color`. */
import { detectStyle, type Style } from './render/style.ts';

export const styleOfOutput = (): Style =>
  detectStyle({
    color: 'auto',
    env: process.env,
    isTerminal: process.stdout.isTTY === true,
    columns: process.stdout.columns,
  });
