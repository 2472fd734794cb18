/**
 * `npm run scenarios [-- NAME… --view VIEW --verbose --laws]`: every real
 * failover and every control in every view, expected against found. The last
 * lines are the summary.
 */
import { allScenarios, type Scenario } from './scenario.ts';
import { type Cell, countsText, LEGEND, type Row, tableRow, tableText, wrongText } from './table.ts';
import { brokenChainLaws, brokenLaws } from './view-laws.ts';
import { VIEWS, type View } from './views.ts';

interface Arguments {
  readonly scenarios: readonly Scenario[];
  readonly views: readonly View[];
  readonly verbose: boolean;
  readonly laws: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  const names: string[] = [];
  const wanted: string[] = [];
  const flags = new Set<string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    if (arg === '--view') wanted.push(args[++i] ?? '');
    else if (arg === '--verbose' || arg === '--laws') flags.add(arg);
    else names.push(arg);
  }
  return {
    scenarios: pick(allScenarios(), names, 'scenario'),
    views: pick(VIEWS, wanted, 'view'),
    verbose: flags.has('--verbose'),
    laws: flags.has('--laws'),
  };
}

/** Those with these names, all where none is given. */
function pick<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[],
  what: string,
): T[] {
  for (const name of names) {
    if (!all.some((x) => x.name === name)) {
      throw new Error(`no ${what} is called ${name}; there are ${all.map((x) => x.name).join(', ')}`);
    }
  }
  return all.filter((x) => names.length === 0 || names.includes(x.name));
}

const print = (text: string): void => {
  process.stdout.write(text);
};

/** What was said of the flow, as evidence would have it. */
function printCell(view: View, cell: Cell): void {
  const { flow } = cell;
  print(`  [${view.name}] ${cell.verdict}\n`);
  if (flow === null) return;
  print(`    ${flow.outcome} ${flow.cause ?? 'cause open'}, ${flow.confidence} confidence\n`);
  if (flow.candidates.length > 0) print(`    candidates: ${flow.candidates.join(', ')}\n`);
  if (flow.contributing.length > 0) print(`    contributing: ${flow.contributing.join(', ')}\n`);
  if (flow.splitBy.length > 0) print(`    split by: ${flow.splitBy.join(', ')}\n`);
  for (const claim of flow.claims) print(`    ${claim.kind}: ${claim.text}\n`);
  for (const { cause, because } of flow.ruledOut) print(`    not ${cause}: ${because}\n`);
}

function main({ scenarios, views, verbose, laws }: Arguments): void {
  const rows: Row[] = [];
  const broken: string[] = [];
  for (const scenario of scenarios) {
    const row = tableRow(scenario, views);
    rows.push(row);
    broken.push(...views.flatMap((view) => brokenLaws(scenario, view)));
    if (laws) broken.push(...brokenChainLaws(scenario));
    if (!verbose) continue;
    print(`${scenario.name}: ${scenario.truth.made}\n`);
    for (const view of views) {
      const cell = row.cells.get(view.name);
      if (cell) printCell(view, cell);
    }
  }
  print(`${verbose ? '\n' : ''}${tableText(rows, views)}${LEGEND}`);
  const wrong = rows.flatMap(({ scenario, cells }) =>
    views.flatMap((view) => {
      const cell = cells.get(view.name);
      return cell?.verdict === 'wrong' ? [wrongText(scenario, view, cell)] : [];
    }),
  );
  if (wrong.length > 0) print(`\n${wrong.join('\n')}\n`);
  if (laws && broken.length > 0) print(`\n${broken.join('\n')}\n`);
  print(`\n${countsText(rows, views)}`);
  print(
    `${wrong.length} wrong cells, ${broken.length} broken laws${laws ? '' : ' (--laws lists them, and checks all)'}\n`,
  );
  process.exitCode = wrong.length === 0 && broken.length === 0 ? 0 : 1;
}

let wanted: Arguments | null = null;
try {
  wanted = readArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
if (wanted !== null) main(wanted);
