/**
 * The pages that `diagnose explain <id>` prints. They are read raw in a terminal,
 * by someone in a hurry: all have one form, and lines that fit.
 * The trap: a page may name another cause that has since been renamed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAUSE_IDS } from '../analyzer/report/report.ts';

const folder = path.join(import.meta.dirname, '..', 'docs', 'causes');
const SECTIONS = [
  'What happens',
  'How to recognise it by hand',
  'What it is confused with',
  'What to do',
  'Sources',
];
/** A terminal beside another window. */
const WIDEST = 100;
/** Shorter says too little; longer is not read at three in the morning. */
const SHORTEST_PAGE = 30;
const LONGEST_PAGE = 70;
/** Folders that exist on a developer's machine only. Log and configuration paths of the reader's hosts are fine. */
const MACHINE_PATH = /\/(?:work|home|root|Users|mnt)\//;

const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const pages = readdirSync(folder).filter((file) => file.endsWith('.md') && file !== 'README.md');

describe('the cause pages', () => {
  it('are one for each id, and no more', () => {
    expect(pages.map((file) => path.basename(file, '.md')).sort()).toEqual([...CAUSE_IDS].sort());
  });

  it('are all in the index, once', () => {
    const listed = [...read('README.md').matchAll(/^\| \[([a-z-]+)\]\(\1\.md\) \|/gm)].map((m) => m[1]);
    expect(listed).toEqual([...CAUSE_IDS]);
  });
});

describe.each([...CAUSE_IDS])('%s', (id) => {
  const text = read(`${id}.md`);
  const lines = text.trimEnd().split('\n');

  it('is titled with its id', () => {
    expect(lines[0]).toBe(`# ${id}`);
    expect(text.match(/^# /gm)).toHaveLength(1);
  });

  it('opens with one sentence that stands alone', () => {
    const [, opening] = text.split('\n\n');
    expect(opening).toMatch(/^[A-Z][^.]*\.$/s);
  });

  it('has the sections, in order, none empty', () => {
    const [, ...sections] = text.split(/^## /m);
    expect(sections.map((section) => section.split('\n', 1)[0])).toEqual(SECTIONS);
    for (const section of sections) expect(section.trim().split('\n').length).toBeGreaterThan(2);
  });

  it('fits a terminal', () => {
    expect(lines.filter((line) => line.length > WIDEST)).toEqual([]);
    expect(lines.filter((line) => /\s$|\t/.test(line))).toEqual([]);
    expect(lines.length).toBeGreaterThanOrEqual(SHORTEST_PAGE);
    expect(lines.length).toBeLessThanOrEqual(LONGEST_PAGE);
  });

  it('is plain: no HTML, no exclamation mark, no path of a machine', () => {
    expect(text).not.toMatch(/<\/?(?:br|b|i|p|div|table)\b/);
    expect(text.replace(/`[^`]*`|^ {4}.*$/gm, '')).not.toContain('!');
    expect(text).not.toMatch(MACHINE_PATH);
  });

  it('names the causes that it is confused with, by their ids', () => {
    const confused = text.split('## What it is confused with')[1]?.split('\n## ')[0] ?? '';
    const named = [...confused.matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)].map((m) => m[1] as string);
    expect(named).not.toEqual([]);
    expect(named.filter((name) => !(CAUSE_IDS as readonly string[]).includes(name))).toEqual([]);
    expect(named).not.toContain(id);
  });
});
