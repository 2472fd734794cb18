/**
 * A report without names and addresses. Every text in it is looked at, by default: only what the schema says is one of
 * a few words, or a time, is left as it is, so that a field that the report grows cannot leak before anybody thought of it.
 */
import {
  type Flow,
  type jsonSchema,
  type Report,
  reportSchema,
  type TimelineHead,
} from '../../analyzer/index.ts';
import type { PostmortemSource } from '../source.ts';
import { Redaction } from './redaction.ts';

type Schema = jsonSchema.Schema;

const { $defs } = reportSchema();
const REFERENCE = '#/$defs/';
const ANYTHING: Schema = {};

/** What stands for what, of a report that is whole. */
export function redactionOf(report: Report): Redaction {
  const redaction = new Redaction();
  redaction.learnHead(report);
  for (const flow of report.flows) redaction.learnFlow(flow);
  return redaction;
}

export const redactReport = (report: Report, redaction: Redaction): Report =>
  withoutHashes(redacted(report, $defs.Report ?? ANYTHING, redaction));

/** The same of a report whose flows come one by one. */
export const redactHead = (head: Omit<Report, 'flows'>, redaction: Redaction): Omit<Report, 'flows'> =>
  withoutHashes(redacted(head, $defs.Report ?? ANYTHING, redaction));

export const redactFlow = (flow: Flow, redaction: Redaction): Flow =>
  redacted(flow, $defs.Flow ?? ANYTHING, redaction);

/** What people wrote of an incident may say anything: only where it stands stays. */
export function redactSource(source: PostmortemSource, redaction: Redaction): PostmortemSource {
  const { incident, report, pins, lanes } = source;
  return {
    incident: incident && { id: 'incident', title: 'incident' },
    report: redactHead(report, redaction),
    pins: pins.map(({ target, at }, i) => ({
      target: redaction.text(target),
      at,
      title: `pin-${i + 1}`,
      note: '',
    })),
    lanes: lanes && {
      head: redacted<TimelineHead>(lanes.head, ANYTHING, redaction),
      lanesOf: (flow) => lanes.lanesOf(flow),
      tile: (lane, resolution, index) => lanes.tile(lane, resolution, index),
    },
  };
}

/** A file is known again by its hash. */
function withoutHashes<T extends Omit<Report, 'flows'>>(report: T): T {
  return { ...report, captures: report.captures.map(({ sha256, ...rest }) => rest) };
}

/** The same shape: texts become other texts, nothing else changes. */
function redacted<T>(value: T, schema: Schema, redaction: Redaction): T {
  return walk(value, schema, redaction) as T;
}

function walk(value: unknown, given: Schema, redaction: Redaction): unknown {
  const schema = resolved(given);
  if (typeof value === 'string') return isClosed(schema) ? value : redaction.text(value);
  if (Array.isArray(value)) return value.map((one) => walk(one, schema.items ?? ANYTHING, redaction));
  if (typeof value !== 'object' || value === null) return value;
  const { properties, additionalProperties = ANYTHING, propertyNames } = schema;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const known =
        properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
      const kept = known !== undefined || propertyNames !== undefined ? name : redaction.text(name);
      return [kept, walk(inner, known ?? additionalProperties, redaction)];
    }),
  );
}

function resolved(schema: Schema): Schema {
  if (schema.anyOf !== undefined) return resolved(schema.anyOf[0] ?? ANYTHING);
  return schema.$ref === undefined ? schema : ($defs[schema.$ref.replace(REFERENCE, '')] ?? ANYTHING);
}

/** One of a few words, or a number. */
const isClosed = (schema: Schema): boolean =>
  schema.enum !== undefined || schema.const !== undefined || schema.pattern !== undefined;
