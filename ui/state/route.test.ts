import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FLOW_SORTS } from '../../server/api.ts';
import { VIEWS } from './incident.ts';
import { formatRoute, HOME, PAGES, parseRoute, type Route } from './route.ts';
import { formatTarget, parseTarget, type Target } from './target.ts';
import { TIME_MODES } from './time.ts';

const id = fc.stringMatching(/^[\w.~-]{1,20}$/);
const nanos = fc.bigInt({ min: 0n, max: 99_999_999_999_999_999_999n });
/** Two times, the earlier first. */
const ordered = fc
  .tuple(nanos, nanos)
  .map((pair) => [...pair].sort((a, b) => Number(a - b)).map(String) as [string, string])
  .filter(([a, b]) => BigInt(a) <= BigInt(b));

const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record({
    kind: fc.constant('frame' as const),
    frame: fc.record({ capture: id, frame: fc.integer({ min: 1, max: 4e9 }) }),
  }),
  fc.record({ kind: fc.constant('flow' as const), flow: id }),
  fc.record({ kind: fc.constant('claim' as const), flow: id, index: fc.nat(999) }),
  ordered.map(([from, to]) => ({ kind: 'range' as const, from, to })),
);

const windows = fc.oneof(
  fc.constant({ from: null, to: null }),
  ordered.filter(([from, to]) => from !== to).map(([from, to]) => ({ from, to })),
);

const routes: fc.Arbitrary<Route> = fc
  .record({
    page: fc.constantFrom(...PAGES),
    incident: id,
    flow: id,
    q: fc.string(),
    sort: fc.constantFrom(...FLOW_SORTS),
    order: fc.constantFrom('asc' as const, 'desc' as const),
    view: fc.constantFrom(...VIEWS),
    sel: fc.oneof(fc.constant(null), target.map(formatTarget)),
    time: fc.constantFrom(...TIME_MODES),
    window: windows,
  })
  .map(({ window, ...rest }) => ({
    ...rest,
    ...window,
    incident: rest.page === 'list' ? '' : rest.incident,
    flow: rest.page === 'flow' ? rest.flow : '',
  }));

test('what is written into the address is read from it', () => {
  fc.assert(
    fc.property(routes, (route) => {
      expect(parseRoute(formatRoute(route))).toEqual({ route, dropped: [] });
    }),
  );
});

test('no address breaks the page, and what is left over is a route of its own', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webFragments()), (hash) => {
      const { route } = parseRoute(`#${hash}`);
      expect(parseRoute(formatRoute(route)).route).toEqual(route);
    }),
  );
});

test('a bad field is dropped and named; the others count', () => {
  const { route, dropped } = parseRoute(
    '#/i/abc/flow/f01?view=pie&time=utc&from=9&to=5&sel=frame:c1:0&new=1',
  );
  expect(route).toEqual({ ...HOME, page: 'flow', incident: 'abc', flow: 'f01', time: 'utc' });
  expect(dropped).toEqual(['view=pie', 'sel=frame:c1:0', 'new=1', 'from=9 to=5']);
});

test('a path that leads nowhere leads to the list, and says so', () => {
  expect(parseRoute('#/i/abc/flow')).toMatchObject({
    route: { page: 'list' },
    dropped: ['address /i/abc/flow'],
  });
  expect(parseRoute('').dropped).toEqual([]);
});

test('the address of the design', () => {
  const route: Route = {
    ...HOME,
    page: 'flow',
    incident: 'x',
    flow: 'f1',
    view: 'ladder',
    sel: 'frame:c1:4120',
    time: 'utc',
  };
  expect(formatRoute(route)).toBe('#/i/x/flow/f1?view=ladder&sel=frame:c1:4120&time=utc');
});

test('targets: text and back', () => {
  fc.assert(
    fc.property(target, (one) => {
      expect(parseTarget(formatTarget(one))).toEqual(one);
    }),
  );
  for (const bad of ['', 'frame:c1', 'frame:c1:x', 'range:5:3', 'claim:f:-1', 'frame:c1:1:2']) {
    expect(parseTarget(bad)).toBeNull();
  }
});

test('names that every object has are no fields', () => {
  const { route, dropped } = parseRoute('#/i/abc?__proto__=1&constructor=ab&toString=x&__defineGetter__=y');
  expect(route).toEqual({ ...HOME, page: 'overview', incident: 'abc' });
  expect(dropped).toEqual(['__proto__=1', 'constructor=ab', 'toString=x', '__defineGetter__=y']);
});
