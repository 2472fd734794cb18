/** What the machine must have, said before anything is built. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { UserError } from '../cli/user-error.ts';
import { PACKAGES } from '../gateway/linux/program.ts';
import type { Scenario } from './scenario.ts';

/** Programs, each once. */
export function neededPrograms(scenario: Scenario): string[] {
  const { forwarder, sync, move } = scenario.gateway;
  const runs = new Set(scenario.traffic.map(({ run }) => run));
  return [
    ...['ip', 'sysctl', 'ethtool', 'tcpdump', 'nft', 'nginx'],
    ...(forwarder === 'routed' ? ['conntrack'] : []),
    ...(forwarder === 'routed' && sync ? ['conntrackd'] : []),
    ...(move === 'address' ? ['keepalived'] : []),
    ...(runs.has('wget') ? ['wget'] : []),
    ...(runs.has('curl') || runs.has('upload') ? ['curl'] : []),
  ];
}

/** @throws UserError `usage`, in one line, with what to do */
export function requireLab(scenarios: readonly Scenario[]): void {
  if (process.platform !== 'linux')
    throw new UserError('usage', 'the lab needs Linux: it is made of network namespaces');
  const missing = [...new Set(scenarios.flatMap(neededPrograms))].filter((program) => !isInstalled(program));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => PACKAGES[program] ?? program))];
    throw new UserError(
      'usage',
      `${missing.join(', ')}: not installed; apt-get install ${packages.join(' ')}`,
    );
  }
  if (process.getuid?.() !== 0)
    throw new UserError(
      'usage',
      'the lab makes network namespaces, which needs root; sudo diagnose lab run …',
    );
}

/** Where root finds programs, whatever the caller's own path. */
const SYSTEM = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** On the caller's path, or where root finds programs. */
export function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(':').filter((folder) => folder !== ''), ...SYSTEM];
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
