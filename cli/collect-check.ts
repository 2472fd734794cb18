/** `diagnose collect --check`: a line for each thing that a collector needs; on stdout, for a person or a log. */
import type { CollectorConfig } from '../collector/config.ts';
import { makeEngine } from '../collector/engine/engines.ts';
import { watchLinks } from '../collector/engine/link-watch.ts';
import { type Finding, findRequirements } from '../collector/requirements.ts';
import { formatBytes } from './collect-text.ts';
import { escapeText } from './render/escape.ts';
import { table } from './render/layout.ts';
import { count } from './render/units.ts';

/** 0: it would run; 2: it would not. */
export async function checkCollector(config: CollectorConfig, file: string | null): Promise<0 | 2> {
  const links = watchLinks();
  try {
    await links.ready;
    const findings = [
      describeConfig(config, file),
      ...(await findRequirements(config, makeEngine(config.engine), links)),
    ];
    process.stdout.write(findingsText(findings));
    return findings.some(({ state }) => state === 'fails') ? 2 : 0;
  } finally {
    links.stop();
  }
}

function describeConfig(config: CollectorConfig, file: string | null): Finding {
  const { captures, snaplen, keep } = config;
  const says = [
    file === null ? 'from flags' : file,
    count(captures.length, 'interface'),
    snaplen === 0 ? 'whole packets' : `${snaplen} bytes of each packet`,
    `a ring of ${formatBytes(keep)}`,
  ].join(', ');
  return { what: 'configuration', state: 'ok', says, hint: '' };
}

export function findingsText(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, state, says, hint }) => [
    state,
    what,
    `${says}${hint === '' ? '' : ` - ${hint}`}`,
  ]);
  return `${table(rows.map((row) => row.map(escapeText))).join('\n')}\n`;
}
