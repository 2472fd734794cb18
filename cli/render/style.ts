/**
 * What the terminal can show. An explicit `--color` wins over the environment;
 * there, a non-empty NO_COLOR wins over FORCE_COLOR and CLICOLOR_FORCE.
 * Colour is decoration: nothing is said by it alone.
 */
import pc from 'picocolors';

export type ColorChoice = 'auto' | 'always' | 'never';
export const COLOR_CHOICES: readonly ColorChoice[] = ['auto', 'always', 'never'];

export interface Style {
  /** Columns, between 40 and 100. */
  width: number;
  colors: ReturnType<typeof pc.createColors>;
  /** `→` in a UTF-8 locale, else `->`. */
  arrow: string;
  /** `…` or `...` */
  ellipsis: string;
  /** `±` or `+-` */
  plusMinus: string;
}

export interface StyleSource {
  color: ColorChoice;
  env: Record<string, string | undefined>;
  /** The stream that the text goes to; a file is no terminal. */
  isTerminal: boolean;
  columns: number | undefined;
}

export function detectStyle(source: StyleSource): Style {
  const unicode = isUtf8(source.env);
  return {
    width: Math.min(100, Math.max(40, source.columns || Number(source.env.COLUMNS) || 80)),
    colors: pc.createColors(wantsColor(source)),
    arrow: unicode ? '→' : '->',
    ellipsis: unicode ? '…' : '...',
    plusMinus: unicode ? '±' : '+-',
  };
}

function wantsColor({ color, env, isTerminal }: StyleSource): boolean {
  if (color !== 'auto') return color === 'always';
  if (env.NO_COLOR) return false;
  if (isSet(env.FORCE_COLOR) || isSet(env.CLICOLOR_FORCE)) return true;
  return isTerminal && env.TERM !== 'dumb';
}

const isSet = (value: string | undefined): boolean =>
  value !== undefined && value !== '' && value !== '0' && value !== 'false';

function isUtf8(env: StyleSource['env']): boolean {
  // POSIX: the first of these that is set and not empty decides.
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /utf-?8/i.test(locale) || env.WT_SESSION !== undefined;
}
