/**
 * The little Markdown that our own pages are written in, as a tree: headings, paragraphs, lists,
 * indented code, `code`, **strong**, links. Anything else is text; nothing becomes HTML.
 */
export type Block =
  | { kind: 'heading'; level: number; text: Inline[] }
  | { kind: 'paragraph'; text: Inline[] }
  | { kind: 'list'; items: Inline[][] }
  | { kind: 'code'; text: string };

export type Inline =
  | { kind: 'text' | 'code' | 'strong'; text: string }
  | { kind: 'link'; text: string; href: string };

export function parseMarkdown(source: string): Block[] {
  const blocks: Block[] = [];
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    if (line.trim() === '') at++;
    else if (/^#{1,6} /.test(line)) {
      const level = line.indexOf(' ');
      blocks.push({ kind: 'heading', level, text: parseInline(line.slice(level + 1)) });
      at++;
    } else at = parseLong(lines, at, blocks);
  }
  return blocks;
}

/** Blocks of several lines. @returns the line after */
function parseLong(lines: readonly string[], from: number, blocks: Block[]): number {
  const first = lines[from]!;
  const isCode = /^ {4}/.test(first);
  const isItem = /^[-*] /.test(first);
  let to = from + 1;
  const goesOn = (line: string): boolean => {
    if (isCode) return /^ {4}/.test(line) || (line.trim() === '' && /^ {4}/.test(lines[to + 1] ?? ''));
    if (line.trim() === '' || /^#{1,6} /.test(line)) return false;
    return isItem || !/^[-*] /.test(line);
  };
  while (to < lines.length && goesOn(lines[to]!)) to++;
  const own = lines.slice(from, to);
  if (isCode) blocks.push({ kind: 'code', text: own.map((line) => line.slice(4)).join('\n') });
  else if (isItem) blocks.push({ kind: 'list', items: splitItems(own).map(parseInline) });
  else blocks.push({ kind: 'paragraph', text: parseInline(own.join(' ')) });
  return to;
}

function splitItems(lines: readonly string[]): string[] {
  const items: string[] = [];
  for (const line of lines) {
    if (/^[-*] /.test(line)) items.push(line.slice(2));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return items;
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

export function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > last) parts.push({ kind: 'text', text: text.slice(last, match.index) });
    const [whole, code, strong, label, href] = match;
    if (code !== undefined) parts.push({ kind: 'code', text: code });
    else if (strong !== undefined) parts.push({ kind: 'strong', text: strong });
    else if (label !== undefined && href !== undefined) parts.push(linkOf(label, href));
    last = match.index + whole.length;
  }
  if (last < text.length) parts.push({ kind: 'text', text: text.slice(last) });
  return parts;
}

/** Only addresses of the web lead anywhere; a file of the repository is not there in a browser. */
function linkOf(text: string, href: string): Inline {
  return /^https?:\/\//.test(href) ? { kind: 'link', text, href } : { kind: 'text', text };
}
