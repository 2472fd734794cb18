/**
 * Every screen of the page by its address, and what has to be there before it is looked at.
 */
import type { Page } from 'playwright-core';

export interface Screen {
  readonly name: string;
  /** Behind `#`; `I` is the incident, `F` its flow. */
  readonly address: string;
  ready(page: Page): Promise<unknown>;
}

/** The address with the ids put in. */
export const addressOf = (screen: Screen, incident: string, flow: string): string =>
  screen.address.replace('/I', `/${incident}`).replace('/F', `/${flow}`);

const heading =
  (name: string | RegExp) =>
  (page: Page): Promise<void> =>
    page.getByRole('heading', { name }).first().waitFor();
const view = async (page: Page): Promise<void> => {
  await page.getByRole('application').waitFor();
  await page.getByRole('heading', { name: 'Evidence' }).waitFor();
};
const twin = async (page: Page): Promise<void> => {
  await view(page);
  await page.getByRole('button', { name: /as table/i }).click();
  await page.getByRole('table').last().getByRole('row').nth(1).waitFor();
};
const frame = async (page: Page): Promise<void> => {
  await view(page);
  await page
    .getByRole('button', { name: /^Frame \d+ of / })
    .first()
    .click();
  await page
    .getByRole('region', { name: /^Frame / })
    .getByRole('table')
    .waitFor();
};
const dialog =
  (key: string) =>
  async (page: Page): Promise<void> => {
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.keyboard.press(key);
    await page.getByRole('dialog').waitFor();
  };

export const SCREENS: readonly Screen[] = [
  { name: 'list', address: '#/', ready: heading('Stored incidents') },
  { name: 'list, asked to delete', address: '#/', ready: askToDelete },
  { name: 'vantages', address: '#/i/I/files', ready: heading('Files and vantages') },
  { name: 'overview', address: '#/i/I', ready: heading('Causes') },
  { name: 'overview, export menu', address: '#/i/I', ready: openMenu },
  {
    name: 'flow table',
    address: '#/i/I/flows',
    ready: (page) => page.getByRole('grid').getByRole('row').nth(1).waitFor(),
  },
  {
    name: 'flow table, nothing found',
    address: '#/i/I/flows?q=port:1',
    ready: (page) => page.getByText('No flow matches this filter.').waitFor(),
  },
  { name: 'lanes', address: '#/i/I/flow/F', ready: view },
  { name: 'lanes as table', address: '#/i/I/flow/F', ready: twin },
  { name: 'ladder', address: '#/i/I/flow/F?view=ladder', ready: view },
  { name: 'ladder as table', address: '#/i/I/flow/F?view=ladder', ready: twin },
  { name: 'time-sequence', address: '#/i/I/flow/F?view=time-sequence', ready: view },
  { name: 'time-sequence as table', address: '#/i/I/flow/F?view=time-sequence', ready: twin },
  { name: 'frame', address: '#/i/I/flow/F', ready: frame },
  { name: 'pins', address: '#/i/I/pins', ready: (page) => page.getByText('Look here').first().waitFor() },
  { name: 'preview', address: '#/i/I/flows', ready: preview },
  { name: 'pinned', address: '#/i/I/flow/F', ready: pinned },
  { name: 'go to frame', address: '#/i/I', ready: dialog('g') },
  { name: 'help', address: '#/i/I', ready: dialog('?') },
  { name: 'palette', address: '#/i/I', ready: dialog('Control+k') },
  { name: 'no such incident', address: '#/i/nothing', ready: heading('This incident is not here') },
];

async function askToDelete(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Delete / })
    .first()
    .click();
  await page.getByRole('group').getByRole('button', { name: 'Delete' }).waitFor();
}

async function preview(page: Page): Promise<void> {
  await page.getByRole('grid').getByRole('row').nth(1).waitFor();
  await page.keyboard.press('Space');
  await page.getByRole('complementary', { name: 'Preview of the flow' }).getByText('confidence').waitFor();
}

async function pinned(page: Page): Promise<void> {
  await view(page);
  await page.keyboard.press('b');
  await page.getByRole('region', { name: 'Pinned' }).waitFor();
}

async function openMenu(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Export/ }).click();
  await page.getByRole('link', { name: 'Report, JSON' }).waitFor();
}
