/**
 * Opens an address in the user's browser, where somebody sits in front of one. Whether that worked is
 * never known, so the address is printed, too.
 */
import { spawn } from 'node:child_process';

export interface Desk {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

/** The program and its arguments; null where there is no browser, or nobody to look at it. */
export function browserCommand(
  address: string,
  { platform, env, isTerminal }: Desk,
): [string, string[]] | null {
  if (!isTerminal || (env.CI ?? '') !== '') return null;
  if (platform === 'darwin') return ['open', [address]];
  // `start` is no program, and takes its first quoted argument for a title.
  if (platform === 'win32') return ['cmd', ['/c', 'start', '""', address.replaceAll('&', '^&')]];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open', [address]] : null;
}

export function openBrowser(address: string): void {
  const command = browserCommand(address, {
    platform: process.platform,
    env: process.env,
    isTerminal: process.stdout.isTTY === true,
  });
  if (command === null) return;
  const child = spawn(command[0], command[1], {
    detached: true,
    stdio: 'ignore',
    windowsVerbatimArguments: process.platform === 'win32',
  });
  // There is no such program: the printed address is all there is.
  child.on('error', () => {});
  child.unref();
}
