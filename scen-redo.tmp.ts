import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { diagnoseRun, compareFlows } from './lab/diagnosis.ts';
for (const folder of process.argv.slice(2)) {
  const truth = JSON.parse(readFileSync(path.join(folder, 'truth.json'), 'utf8'));
  const [s, f] = truth.capturedUntil.split('.');
  const captures = readdirSync(path.join(folder, 'captures')).map((file) => ({
    vantage: file.replace(/\.pcap\.gz$/, '').replace(/\.\d+$/, ''),
    path: path.join(folder, 'captures', file),
  }));
  const journals = ['node-a', 'node-b'].map((node) => ({ node, path: path.join(folder, 'journals', `${node}.jsonl`) })).filter((j) => existsSync(j.path));
  const report = await diagnoseRun({ folder, captures, journals, until: BigInt(s) * 1000000000n + BigInt(f) });
  writeFileSync(path.join(folder, 'report.json'), JSON.stringify(report));
  const flows = compareFlows(report, truth);
  const ok = flows.every((x) => x.agrees);
  console.log(`${ok && truth.notAsWritten.length === 0 ? 'ok    ' : 'DIFFER'} ${path.basename(folder)} ${truth.notAsWritten.join('; ')}`);
  for (const x of flows.filter((y) => !y.agrees).slice(0, 4)) {
    console.log(`   want ${x.truth.name} ${x.truth.outcome} ${x.truth.cause} +${x.truth.contributing}`);
    const full = report.flows.find((y) => y.id === x.found?.id);
    console.log(`   got  ${x.found?.outcome} ${x.found?.cause} [${x.found?.candidates}] +${x.found?.contributing} stalls ${full?.stalls.map((y) => `${(y.duration).toFixed(2)} ${y.cause} rung ${y.rung}`).join('; ')}`);
  }
  if (!ok) console.log('  ', report.headline.slice(0, 260));
}
