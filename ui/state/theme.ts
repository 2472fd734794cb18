/**
 * Light, dark, or as the system says. The colours are CSS variables (`ui/shell/theme.css`); canvases
 * read them as one object, which is replaced when the theme changes.
 * The trap: colours are read from the document after `data-theme` is set, never before.
 */
import { type Atom, atom } from './atom.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** The roles of `ui/draw`. Marks differ in shape as well: colour alone says nothing. */
export interface CanvasColors {
  readonly dark: boolean;
  readonly background: string;
  /** Behind every second lane, behind a sticky header. */
  readonly stripe: string;
  readonly line: string;
  readonly text: string;
  readonly muted: string;
  readonly data: string;
  readonly problem: string;
  readonly ack: string;
  readonly sack: string;
  readonly neutral: string;
  /** Ground of the failover's band, under its hatch. */
  readonly band: string;
  readonly selected: string;
  /** Order unknown, coverage partial. */
  readonly caution: string;
  readonly font: string;
  readonly mono: string;
}

const STORAGE_KEY = 'stallscope.theme';

export const theme: Atom<Theme> = atom<Theme>('system');
export const canvasColors: Atom<CanvasColors> = atom<CanvasColors>({
  dark: false,
  background: '#ffffff',
  stripe: '#f6f8fa',
  line: '#d5dce3',
  text: '#16202b',
  muted: '#556270',
  data: '#132d70',
  problem: '#b03509',
  ack: '#0ea96a',
  sack: '#d540d9',
  neutral: '#778698',
  band: '#b0350914',
  selected: '#0b5fd0',
  caution: '#8a5a00',
  font: '12px system-ui, sans-serif',
  mono: '12px ui-monospace, monospace',
});

/** Reads the stored choice, applies it, and follows the system. Once, before the page is drawn. */
export function startTheme(): void {
  theme.set(readStored());
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void =>
    applyTheme(theme.get() === 'dark' || (theme.get() === 'system' && system.matches));
  theme.subscribe(() => {
    store(theme.get());
    apply();
  });
  system.addEventListener('change', apply);
  apply();
}

function applyTheme(dark: boolean): void {
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  canvasColors.set(readColors(dark));
}

function readColors(dark: boolean): CanvasColors {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    dark,
    background: read('--ground'),
    stripe: read('--stripe'),
    line: read('--line'),
    text: read('--text'),
    muted: read('--muted'),
    data: read('--data'),
    problem: read('--problem'),
    ack: read('--ack'),
    sack: read('--sack'),
    neutral: read('--neutral'),
    band: read('--band'),
    selected: read('--accent'),
    caution: read('--caution'),
    font: `12px ${read('--sans')}`,
    mono: `12px ${read('--mono')}`,
  };
}

/** Storage may be forbidden; then the choice lasts as long as the page. */
function readStored(): Theme {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return THEMES.find((known) => known === stored) ?? 'system';
  } catch {
    return 'system';
  }
}

function store(choice: Theme): void {
  try {
    localStorage.setItem(STORAGE_KEY, choice);
  } catch {
    // As above.
  }
}
