/**
 * Keys as they are printed on the user's keyboard. Commands name places (`KeyW`); where the browser
 * tells the layout, its letter is shown, else that of a US keyboard.
 */
export type Layout = ReadonlyMap<string, string>;

interface KeyboardApi {
  getLayoutMap(): Promise<Iterable<[string, string]>>;
}

/** Empty where the browser does not tell. */
export async function readLayout(): Promise<Layout> {
  const { keyboard } = navigator as Navigator & { keyboard?: KeyboardApi };
  try {
    return new Map(keyboard === undefined ? [] : await keyboard.getLayoutMap());
  } catch {
    return new Map();
  }
}

const NAMES: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Equal: '=',
  Minus: '−',
  Period: '.',
  Comma: ',',
  Escape: 'Esc',
  Backspace: '⌫',
  PageUp: 'Page ↑',
  PageDown: 'Page ↓',
};

/** `Ctrl+KeyK` → `Ctrl K`. */
export function labelKey(key: string, layout: Layout): string {
  if (key.startsWith('key:')) return key.slice(4);
  return key
    .split('+')
    .map((part) => labelPart(part, layout))
    .join(' ');
}

function labelPart(code: string, layout: Layout): string {
  const printed = layout.get(code);
  if (printed !== undefined && /^(?:Key|Equal|Minus|Period|Comma|Digit)/.test(code))
    return printed.toUpperCase();
  return NAMES[code] ?? code.replace(/^(?:Key|Digit)/, '');
}
