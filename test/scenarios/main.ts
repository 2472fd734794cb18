/**
 * `npm run scenarios`: every real failover, diagnosed from its client's capture.
 */
import { diagnoseClient, rowOf, tableOf } from './client-only.ts';
import { allScenarios } from './scenario.ts';

const rows = allScenarios().map((scenario) => rowOf(scenario, diagnoseClient(scenario)));
process.stdout.write(tableOf(rows));
const count = (verdict: string): number => rows.filter((r) => r.verdict === verdict).length;
process.stdout.write(
  `\n${count('right')} right, ${count('open')} left open with the true cause named, ${count('wrong')} wrong\n`,
);
process.exitCode = count('wrong') === 0 ? 0 : 1;
