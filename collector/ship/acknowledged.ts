/**
 * Which files a server has acknowledged, over restarts: a small file beside them, written whole and renamed.
 * The traps: another server has acknowledged nothing; and the file may be lost, which costs a question a file, as the
 * server knows, too.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { OnEvent } from '../words.ts';

export class Acknowledged {
  private readonly file: string;
  private readonly server: string;
  private readonly onEvent: OnEvent;
  private keys: Set<string>;

  constructor(folder: string, server: string, onEvent: OnEvent) {
    this.file = path.join(folder, 'shipped.json');
    this.server = server;
    this.onEvent = onEvent;
    this.keys = this.read();
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** `known`: of all files that there are; what is gone is forgotten. */
  add(key: string, known: ReadonlySet<string>): void {
    this.keys = new Set([...this.keys, key].filter((one) => one === key || known.has(one)));
    try {
      this.write();
    } catch (error) {
      const what = `what was shipped cannot be noted: ${(error as Error).message}`;
      this.onEvent({ event: 'trouble', what, hint: 'after a restart the server is asked again' });
    }
  }

  private read(): Set<string> {
    try {
      const said = JSON.parse(fs.readFileSync(this.file, 'utf8')) as { server?: unknown; files?: unknown };
      if (said.server === this.server && Array.isArray(said.files))
        return new Set(said.files.filter((one) => typeof one === 'string'));
    } catch {
      // Not there yet, or cut by somebody.
    }
    return new Set();
  }

  private write(): void {
    const part = `${this.file}.part`;
    const descriptor = fs.openSync(part, 'w', 0o600);
    try {
      fs.writeSync(descriptor, JSON.stringify({ server: this.server, files: [...this.keys] }));
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(part, this.file);
  }
}
