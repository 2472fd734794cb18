/**
 * What runs on the lab's server: nginx, and the lab's own server for what nginx has no word for.
 * `writeServerFiles` writes what they read; they are ready when `TCP_PORTS` listen.
 */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SERVER_PORTS, type ServerPlan } from '../programs.ts';
import type { Scenario } from '../scenario.ts';
import { nginxConfig } from './nginx-config.ts';

/** Those that must listen before traffic begins. */
export const tcpPorts = (plan: ServerPlan): number[] => [
  SERVER_PORTS.http,
  SERVER_PORTS.api,
  ...(plan.tls === undefined ? [] : [SERVER_PORTS.https]),
];

/** Lengths of the files that are asked for. */
export function downloadSizes(scenario: Scenario): number[] {
  const sizes = scenario.traffic.flatMap((traffic) => ('size' in traffic ? [traffic.size] : []));
  return [...new Set(sizes)].sort((a, b) => a - b);
}

/** nginx's configuration, and the files that it serves. */
export function writeServerFiles(plan: ServerPlan, sizes: readonly number[]): void {
  const root = path.join(plan.folder, 'www');
  mkdirSync(path.join(root, 'upload'), { recursive: true });
  for (const size of sizes) {
    const file = path.join(root, `${size}.bin`);
    writeFileSync(file, '');
    truncateSync(file, size); // zeros that take no room
  }
  writeFileSync(path.join(plan.folder, 'nginx.conf'), nginxConfig(plan));
}

/** Program and arguments of each. `serverProgram`: where the bundled `lab-server.js` is. */
export function serverCommands(plan: ServerPlan, serverProgram: string): string[][] {
  const config = path.join(plan.folder, 'nginx.conf');
  const log = path.join(plan.folder, 'nginx-error.log');
  return [
    ['nginx', '-p', plan.folder, '-e', log, '-c', config],
    [process.execPath, serverProgram, JSON.stringify(plan)],
  ];
}
