/** The control socket from both ends. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askCollector } from './control-client.ts';
import { type ControlServer, openControlServer } from './control-server.ts';
import { controlSocketOf } from './control-words.ts';

describe('the control socket', () => {
  let folder: string;
  let server: ControlServer | null = null;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'stallscope-control-'));
  });
  afterEach(async () => {
    await server?.close();
    server = null;
    rmSync(folder, { recursive: true });
  });

  it('carries a request and its answer, and is its owner’s alone', async () => {
    server = await openControlServer(folder, (request) => ({
      kind: 'pinned',
      pin: request.command === 'trigger' ? request.why : '',
      from: '1',
      to: '2',
    }));
    expect(statSync(controlSocketOf(folder)).mode & 0o777).toBe(0o600);
    const answer = await askCollector(folder, { command: 'trigger', why: 'a “reason”\n' });
    expect(answer).toEqual({ kind: 'pinned', pin: 'a “reason”\n', from: '1', to: '2' });
  });

  it('takes the place of one that a killed collector left', async () => {
    writeFileSync(path.join(folder, 'control.sock'), '');
    server = await openControlServer(folder, () => ({ kind: 'refused', why: 'no room' }));
    await expect(askCollector(folder, { command: 'status' })).rejects.toThrow(
      'the collector refuses: no room',
    );
  });

  it('refuses what is no request, and what fails', async () => {
    server = await openControlServer(folder, () => Promise.reject(new Error('the disk is full')));
    await expect(askCollector(folder, { command: 'status' })).rejects.toThrow('refuses: the disk is full');
    const said = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(controlSocketOf(folder), () => socket.write('{"command":"format"}\nmore\n'));
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
    });
    expect(said).toBe('{"kind":"refused","why":"this is no request that the collector knows"}\n');
  });

  it('says where nobody runs, with the next step', async () => {
    await expect(askCollector(folder, { command: 'status' })).rejects.toMatchObject({
      message: `no collector runs on ${folder}`,
      hint: expect.stringContaining('--folder'),
    });
  });

  it('has no longer path than a socket may have', () => {
    expect(() => controlSocketOf(`/${'a'.repeat(120)}`)).toThrow(/longer than 107 bytes/);
    const near = path.join(process.cwd(), 'b'.repeat(80));
    expect(controlSocketOf(near)).toBe(`${'b'.repeat(80)}/control.sock`);
  });
});
