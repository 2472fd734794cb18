/**
 * `docs/answers.md` rests on `docs/matrix.json`, which `diagnose lab matrix --json` measured: every cell that it cites is
 * there and says what is cited. `docs/matrix.md` is the same table for people (`UPDATE_GOLDEN=1` writes it anew).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLIENTS, OUTAGES, SETUPS } from '../lab/matrix/setups.ts';
import { causeText, fateText, type Matrix, renderMatrix } from '../lab/matrix/table.ts';

const file = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
const matrix = JSON.parse(readFileSync(file('matrix.json'), 'utf8')) as Matrix;

const asPage = (): string => `# What a failover does to clients, measured

Made by \`diagnose lab matrix\`, which took its last cell at ${matrix.made}; \`matrix.json\` has the same cells for programs.
In each cell first what the client saw, then what the diagnosis says of the connection that it had when the path was
lost. [answers.md](answers.md) says what follows from it.

\`\`\`text
${renderMatrix(matrix, { colors: { bold: (text: string) => text } } as Parameters<typeof renderMatrix>[1])}\`\`\`
`;

describe('the measured table', () => {
  it('has every gateway, client and outage', () => {
    const wanted = SETUPS.flatMap(({ id }) =>
      CLIENTS.flatMap((client) => OUTAGES.map((outage) => `${id}/${client.id}/${outage / 1000}s`)),
    );
    expect(matrix.cells.map(({ id }) => id).sort()).toEqual(wanted.sort());
  });

  it('has a diagnosis in every cell', () => {
    const without = matrix.cells.filter(({ found }) => found === null);
    expect(without.map(({ id }) => id)).toEqual([]);
  });

  it('is what docs/matrix.md shows', () => {
    if (process.env.UPDATE_GOLDEN) writeFileSync(file('matrix.md'), asPage());
    expect(readFileSync(file('matrix.md'), 'utf8')).toBe(asPage());
  });
});

describe('the answers', () => {
  const text = readFileSync(file('answers.md'), 'utf8');
  // `routed-synced/wget/60s`: goes on, 102.4 s
  const cited = [...text.matchAll(/`([a-z-]+\/[a-z-]+\/\d+s)`(?:: ([^`;)\n]+(?:\n[^`;)\n]+)*))?/g)];

  it('cite cells that were measured, and what they say', () => {
    expect(cited.length).toBeGreaterThan(20);
    for (const [, id, quoted] of cited) {
      const cell = matrix.cells.find((one) => one.id === id);
      expect(cell, id).toBeDefined();
      if (quoted === undefined || cell === undefined) continue;
      const said = quoted.replaceAll(/\s+/g, ' ').trim();
      expect([fateText(cell), causeText(cell), `${fateText(cell)}, ${causeText(cell)}`], id).toContain(said);
    }
  });

  it('rest on a cell in every sentence that says what happens', () => {
    const measured = text.slice(text.indexOf('## 1.'), text.indexOf('## Which requests'));
    const paragraphs = measured.split(/\n\n/).filter((part) => /^[-*A-Z]/.test(part));
    expect(paragraphs.length).toBeGreaterThan(5);
    for (const paragraph of paragraphs)
      expect(paragraph).toMatch(/`[a-z-]+\/[a-z-]+\/\d+s`|how TCP works|\]\(/);
  });
});
