/**
 * Every scenario as counts of frames by vantage, held against a file: a change
 * of the world that changes what a scenario shows is seen there.
 */
import { expect, test } from 'vitest';
import { CAUSE_SCENARIOS } from '../causes.ts';
import { sightingsOf } from './sightings.ts';

test('what each vantage has of the flow, in every scenario', { timeout: 300_000 }, async () => {
  const picture = CAUSE_SCENARIOS.map(sightingsOf).join('\n');
  await expect(picture).toMatchFileSnapshot('sightings.txt');
});
