/** Text, JSON, Markdown and HTML name the same causes with the same frames. */
import { expect } from 'vitest';
import { captureNames } from '../../analyzer/index.ts';
import { readHtml, readJson, readMarkdown, readText } from './faces.ts';
import { htmlOf, type Made, markdownOf } from './made.ts';

/** @returns how many groups of flows were compared */
export function expectSameFaces(made: Made): number {
  const { report } = made;
  const names = new Map([...captureNames(report.captures)].map(([id, name]) => [id, name || id]));
  const lone = report.captures[0]?.id ?? '';
  const said = readJson(report, names);
  expect(readText(report, lone), 'text').toEqual(said);
  expect(readMarkdown(markdownOf(made)), 'Markdown').toEqual(said);
  expect(readHtml(htmlOf(made)), 'HTML').toEqual(said);
  return said.length;
}
