import { expect, test } from 'vitest';
import type { FlowPage, FlowRow } from '../../server/api.ts';
import { createFlowPages, type FlowPages, PAGE } from './flow-pages.ts';

const TOTAL = 100_000;

/** A server with so many flows, and what was asked of it. */
function serverOf(total: number): { pages: FlowPages; asked: number[] } {
  const asked: number[] = [];
  const ask = async (_: string, { offset = 0, limit = 0 }): Promise<FlowPage> => {
    asked.push(offset);
    const length = Math.max(0, Math.min(limit, total - offset));
    const rows = Array.from({ length }, (_, i) => ({ id: `f${offset + i}`, index: offset + i }) as FlowRow);
    return { total, offset, rows, facets: { outcome: { hung: total }, cause: {} } };
  };
  return { pages: createFlowPages('x', {}, 'key', ask), asked };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test('only pages that are looked at are asked for, each once', async () => {
  const { pages, asked } = serverOf(TOTAL);
  pages.want(0, 0);
  pages.want(0, 0);
  await settle();
  pages.want(50 * PAGE + 3, 51 * PAGE + 1);
  await settle();
  pages.want(50 * PAGE + 3, 51 * PAGE + 1);
  await settle();
  expect(asked).toEqual([0, 50 * PAGE, 51 * PAGE]);
  expect(pages.state.get()).toMatchObject({
    total: TOTAL,
    facets: { outcome: { hung: TOTAL } },
    error: null,
  });
  expect(pages.row(50 * PAGE + 7)?.index).toBe(50 * PAGE + 7);
  expect(pages.row(7 * PAGE)).toBeUndefined();
});

test('who scrolls through all of it keeps the first page and the last few', async () => {
  const { pages } = serverOf(TOTAL);
  for (let number = 0; number < TOTAL / PAGE; number++) await pages.fetch(number * PAGE);
  expect(pages.loaded().length).toBeLessThan(15_000);
  expect(pages.row(0)?.index).toBe(0);
  expect(pages.row(TOTAL - 1)?.index).toBe(TOTAL - 1);
});

test('a flow is found by looking through the filter, and what follows it', async () => {
  const { pages } = serverOf(3 * PAGE);
  expect(await pages.find(`f${2 * PAGE + 5}`, 10_000)).toBe(2 * PAGE + 5);
  expect((await pages.fetch(2 * PAGE + 6))?.id).toBe(`f${2 * PAGE + 6}`);
  expect(await pages.fetch(3 * PAGE)).toBeNull();
  expect(await pages.find('elsewhere', 10_000)).toBeNull();
});

test('a failure is told, and asking again helps', async () => {
  let works = false;
  const ask = async (): Promise<FlowPage> => {
    if (!works) throw new Error('no such key: prot');
    return { total: 0, offset: 0, rows: [], facets: { outcome: {}, cause: {} } };
  };
  const pages = createFlowPages('x', { q: 'prot:1' }, 'key', ask);
  pages.want(0, 0);
  await settle();
  expect(pages.state.get()).toMatchObject({ total: null, error: 'no such key: prot' });
  works = true;
  pages.retry();
  await settle();
  expect(pages.state.get()).toMatchObject({ total: 0, error: null });
});
