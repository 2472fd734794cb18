/** What the machine must have, said before anything is built. */
import { UserError } from '../cli/user-error.ts';
import { missingPrograms } from '../gateway/linux/program.ts';
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
    ...((forwarder === 'routed' && sync) || move === 'address' ? ['setpriv'] : []),
    ...(runs.has('wget') ? ['wget'] : []),
    ...(runs.has('requests') || runs.has('sender') ? ['python3'] : []),
    ...(runs.has('curl') || runs.has('upload') ? ['curl'] : []),
  ];
}

/** @throws UserError `usage`, in one line, with what to do */
export function requireLab(scenarios: readonly Scenario[]): void {
  if (process.platform !== 'linux')
    throw new UserError('usage', 'the lab needs Linux: it is made of network namespaces');
  const { programs, packages } = missingPrograms(scenarios.flatMap(neededPrograms));
  if (programs.length > 0)
    throw new UserError(
      'usage',
      `${programs.join(', ')}: not installed; apt-get install ${packages.join(' ')}`,
    );
  if (process.getuid?.() !== 0)
    throw new UserError(
      'usage',
      'the lab makes network namespaces, which needs root; sudo diagnose lab run …',
    );
}
