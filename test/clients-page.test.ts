/** `docs/clients.md` is what the table of clients says (`UPDATE_GOLDEN=1` writes it anew). */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientsPage } from './clients-page.ts';

const PAGE = new URL('../docs/clients.md', import.meta.url);

it('docs/clients.md is made of the table', () => {
  if (process.env.UPDATE_GOLDEN) writeFileSync(PAGE, clientsPage());
  expect(readFileSync(PAGE, 'utf8')).toBe(clientsPage());
});
