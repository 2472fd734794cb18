import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CollectorError } from '../words.ts';
import { lockFolder } from './folder-lock.ts';
import { testFolder } from './test-recording.ts';

const holderOf = (folder: string): unknown =>
  JSON.parse(fs.readFileSync(path.join(folder, 'collector.lock'), 'utf8'));

describe('the lock of a folder', () => {
  it('is had by one at a time', () => {
    const folder = testFolder();
    const release = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(CollectorError);
    expect(() => lockFolder(folder)).toThrow(`pid ${process.pid}`);
    release();
    lockFolder(folder)();
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('is taken over from a process that has ended', () => {
    const folder = testFolder();
    const pid = Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
    fs.writeFileSync(path.join(folder, 'collector.lock'), JSON.stringify({ pid, started: '5' }));
    lockFolder(folder);
    expect(holderOf(folder)).toMatchObject({ pid: process.pid });
  });

  it('is taken over where another process has the id by now', () => {
    const folder = testFolder();
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    onTestFinished(() => {
      other.kill('SIGKILL');
    });
    fs.writeFileSync(path.join(folder, 'collector.lock'), JSON.stringify({ pid: other.pid, started: '5' }));
    lockFolder(folder);
    expect(holderOf(folder)).toMatchObject({ pid: process.pid });
  });

  it('is taken over where it was never written', () => {
    const folder = testFolder();
    fs.writeFileSync(path.join(folder, 'collector.lock'), '');
    lockFolder(folder);
    expect(fs.readdirSync(folder)).toEqual(['collector.lock']);
  });

  it('says why a folder cannot be written', () => {
    expect(() => lockFolder(path.join(testFolder(), 'nowhere'))).toThrow(/cannot be written: ENOENT/);
  });
});
