/** The pages of `docs/causes/`, as text, in the bundle: they are read where there is no network. */
const pages = import.meta.glob<string>('../../docs/causes/*.md', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** @returns null for a cause without a page */
export function causeDoc(cause: string): string | null {
  return pages[`../../docs/causes/${cause}.md`] ?? null;
}
