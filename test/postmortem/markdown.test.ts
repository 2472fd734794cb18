/**
 * Postmortems of telling scenarios as Markdown, each a golden file under `test/golden/postmortems/` (update with
 * `UPDATE_GOLDEN=1`, then read the diff); and every one is what a renderer takes it for.
 */
import { marked, type Token, type Tokens } from 'marked';
import { describe, expect, test } from 'vitest';
import { slugOf } from '../../postmortem/write/markdown.ts';
import { expectGolden } from '../scenarios/golden.ts';
import { allScenarios, type Scenario } from '../scenarios/scenario.ts';
import { ALL, CLIENT, JOURNAL, type View } from '../scenarios/views.ts';
import { expectSameFaces } from './check-faces.ts';
import { plain } from './faces.ts';
import { htmlOf, type Made, makePostmortem, markdownOf, postmortemOfView } from './made.ts';

const TELLING: readonly (readonly [scenario: string, view: View, shows: string])[] = [
  ['f-tproxy', ALL, 'a proxy that took its connection along'],
  ['rto-30', ALL, 'a flow that resumed on its timer'],
  ['rto-60perm', CLIENT, 'a cause that one capture leaves open'],
  ['h-race-commit7', JOURNAL, "a journal's lines as evidence"],
  ['never-back-download', ALL, 'a path that does not come back'],
  ['control-zero-window', CLIENT, 'a stall without a failover'],
];

const scenarios = new Map(allScenarios().map((one) => [one.name, one]));
const known = new Map<string, Made>();
function made(name: string, view: View): Made {
  const key = `${name} ${view.name}`;
  const found = known.get(key) ?? postmortemOfView(scenarios.get(name) as Scenario, view);
  if (found === null) throw new Error(`${key}: there are no captures`);
  known.set(key, found);
  return found;
}

describe.each(TELLING.map(([name, view, shows]) => [name, view.name, shows, view] as const))(
  '%s, %s: %s',
  (name, _way, _shows, view) => {
    test('reads well', () => {
      expectGolden(`postmortems/${name}.md`, markdownOf(made(name, view)));
    });

    test('is headings, tables, lists and paragraphs to a renderer, and no HTML', () => {
      const tokens = marked.lexer(markdownOf(made(name, view)));
      const kinds = new Set(tokens.map(({ type }) => type).filter((type) => type !== 'space'));
      expect([...kinds].sort()).toEqual(['heading', 'list', 'paragraph', 'table']);
      expect(inlineOf(tokens).filter(({ type }) => type === 'html')).toEqual([]);
      for (const table of tokens.filter((token) => token.type === 'table') as Tokens.Table[])
        for (const row of table.rows) expect(row).toHaveLength(table.header.length);
    });

    test('links only to its own headings, and numbers its evidence from 1', () => {
      const text = markdownOf(made(name, view));
      const tokens = marked.lexer(text);
      const anchors = (tokens.filter((token) => token.type === 'heading') as Tokens.Heading[]).map(
        (heading) => slugOf(plain(heading.tokens)),
      );
      for (const link of inlineOf(tokens).filter(({ type }) => type === 'link') as Tokens.Link[])
        expect(anchors).toContain(link.href.replace(/^#/, ''));
      const numbers = [...text.matchAll(/^- \*\*ev-(\d+)\*\*/gm)].map(([, number]) => Number(number));
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
      const cited = [...text.matchAll(/\*\*ev-(\d+)\*\*/g)].map(([, number]) => Number(number));
      for (const number of cited) expect(numbers).toContain(number);
    });

    test('says the same as the other faces, and the same again', () => {
      expect(expectSameFaces(made(name, view))).toBeGreaterThan(0);
      const again = postmortemOfView(scenarios.get(name) as Scenario, view) as Made;
      expect(markdownOf(again)).toBe(markdownOf(made(name, view)));
      expect(htmlOf(again)).toBe(htmlOf(made(name, view)));
    });
  },
);

/** All inline tokens, those of tables and lists as well. */
function inlineOf(tokens: readonly Token[]): Token[] {
  const found: Token[] = [];
  void marked.walkTokens([...tokens], (token) => {
    found.push(token);
  });
  return found;
}

describe('with nothing to tell', () => {
  const PCAP_HEADER = Uint8Array.from([
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
  ]);

  test('a capture without a packet says so', () => {
    const empty = makePostmortem([{ file: 'empty.pcap', bytes: PCAP_HEADER }]);
    const text = markdownOf(empty);
    expect(text).toContain('| T0 | none: no failover is visible, and no stall that one could explain |');
    expect(text).toContain('The captures hold no TCP connection, and no other flow that is judged.');
    expect(text).toContain('No failover is visible in these captures.');
    expect(text).toContain('None: there is no flow to judge.');
    expect(text).toContain('Nothing is open.');
    expect(htmlOf(empty)).not.toContain('<figure>');
  });

  test('flows that no failover touched are counted, and need no factor', () => {
    const text = markdownOf(made('control-server-think', CLIENT));
    expect(text).toMatch(/\| unaffected \| \d+ \| not touched by a failover \|/);
    expect(text).toContain('\n## Appendix: affected flows\n\nNone.\n');
    expect(text).not.toContain('path lost)');
  });
});
