/**
 * `docs/predictions.md` is made of `docs/predictions.json`, which `diagnose lab predict --json` printed (`UPDATE_GOLDEN=1`
 * writes it anew); and what it says of hits and misses follows from its numbers.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plannedRuns, REFERENCE } from '../lab/predictions/changes.ts';
import { type Predictions, TOLERANCE } from '../lab/predictions/rows.ts';
import { predictionsMarkdown } from '../lab/predictions/table.ts';

const file = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
const predictions = JSON.parse(readFileSync(file('predictions.json'), 'utf8')) as Predictions;

const asPage = (): string => `# Other outages and settings: predicted, and measured

Made by \`diagnose lab predict\`, whose last run ended at ${predictions.made} (Linux ${predictions.kernel});
\`predictions.json\` has the same for programs.

One failover is the reference: a download, an upload, and a connection that is opened in the outage. From its frames before
the path was back, at the sender alone, it is predicted what would happen were one thing other: the outage, or one setting,
as \`diagnose advise\` writes it. Then each is made, in a failover of its own. *Resumes* is the time without progress, *fails*
the time since the path was lost; of a connection that is opened in the outage, both are since it was begun.

The machine takes a moment longer over a takeover than it is told to, so the outage that was made is given, and the prediction
is for that one. What was announced before the runs, for outages as planned, is in \`predictions.json\` (\`announced\`). A
prediction that names the wrong outcome is missed; one try off means that the connection went on at the try before or after
the predicted one, as happens where the path is back within a moment of a try.

${predictionsMarkdown(predictions)}`;

describe('the predictions', () => {
  it('are all there', () => {
    const planned = plannedRuns(true).flatMap(({ changes }) => changes.map(({ id }) => id));
    expect(predictions.rows.map(({ id }) => id)).toEqual(planned);
  });

  it('are hits where outcome and time say so', () => {
    for (const { id, predicted, measured, difference, hit } of predictions.rows) {
      const isHit =
        predicted !== null &&
        measured !== null &&
        predicted.outcome === measured.outcome &&
        Math.abs(measured.after / predicted.after - 1) <= TOLERANCE;
      expect(hit === 'yes', id).toBe(isHit);
      if (isHit) expect(difference).toBeCloseTo(measured.after / predicted.after - 1, 2);
    }
  });

  it('hit in at least a dozen changes, and miss none', () => {
    const changed = predictions.rows.filter(({ id }) => !id.startsWith(`${REFERENCE}/`));
    expect(changed.filter(({ hit }) => hit === 'yes').length).toBeGreaterThanOrEqual(12);
    expect(changed.filter(({ hit }) => hit === 'no')).toEqual([]);
  });

  it('are what docs/predictions.md shows', () => {
    if (process.env.UPDATE_GOLDEN) writeFileSync(file('predictions.md'), asPage());
    expect(readFileSync(file('predictions.md'), 'utf8')).toBe(asPage());
  });
});
