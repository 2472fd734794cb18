/** Over the control socket: what is asked and told, who is refused, and what is said where no node runs. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeConfig } from '../config.ts';
import { askNode, type End } from './control-client.ts';
import { type Control, openControl } from './control-server.ts';
import { type Answer, controlSocketOf, type Request, type Status } from './control-words.ts';
import { Driver } from './driver.ts';
import type { Forwarder } from './forwarder.ts';
import type { Mover } from './mover.ts';
import { testConfig } from './test-config.ts';

const STATUS: Status = {
  node: 'node-b',
  pid: 1,
  role: 'standby',
  term: 0,
  step: null,
  peer: { node: 'node-a', alive: false, role: null, term: null },
  forwarding: false,
  connections: 0,
  known: 0,
  counters: {},
};

const nothing = async (): Promise<void> => {};

describe.skipIf(process.platform === 'win32')('the control socket', () => {
  let folder: string;
  let config: NodeConfig;
  let control: Control;
  let driver: Driver;
  let detach: () => Promise<void>;
  let status: () => Promise<Status>;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'stallscope-test-'));
    config = testConfig({ stateFolder: folder });
    detach = nothing;
    status = async () => STATUS;
    const mover = {
      detach: () => detach(),
      attach: nothing,
      raise: nothing,
      lower: nothing,
      announce: nothing,
    };
    const forwarder = {
      startForwarding: nothing,
      stopForwarding: nothing,
      commitState: async () => ({ entries: 0, failed: 0, took: 0 }),
      status: async () => ({ forwarding: false, connections: 0, known: 0, counters: {} }),
    };
    driver = new Driver(
      { config, journal: { write: () => {}, close: () => {} }, onTrouble: () => {} },
      {
        mover: mover as Partial<Mover> as Mover,
        forwarder: forwarder as Partial<Forwarder> as Forwarder,
        link: { send: () => {}, counters: { received: 0 } },
        resetConnections: nothing,
        hasAdapters: () => true,
      },
    );
    control = await openControl(controlSocketOf(config), driver, () => status());
  });
  afterEach(async () => {
    await driver.stop();
    await control.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (request: Request): Promise<{ answers: Answer[]; end: End }> => {
    const answers: Answer[] = [];
    const end = await askNode(config, request, (answer) => answers.push(answer));
    return { answers, end };
  };
  const takeOver = () => ask({ command: 'take-over', force: true });

  it('is for its owner alone', () => {
    expect(statSync(controlSocketOf(config)).mode & 0o777).toBe(0o600);
  });

  it('tells the status, or why it cannot', async () => {
    expect(await ask({ command: 'status' })).toEqual({
      answers: [
        { kind: 'status', status: STATUS },
        { kind: 'end', ok: true, role: 'standby' },
      ],
      end: { kind: 'end', ok: true, role: 'standby' },
    });
    status = () => Promise.reject(new Error('nft is gone'));
    expect((await ask({ command: 'status' })).end).toEqual({
      kind: 'end',
      ok: false,
      role: 'standby',
      why: 'nft is gone',
    });
  });

  it('tells every step of a takeover, and ends when the role is there', async () => {
    const { answers, end } = await takeOver();
    expect(answers.flatMap((one) => (one.kind === 'step' && one.state === 'done' ? [one.step] : []))).toEqual(
      [
        'detach-adapters',
        'attach-adapters',
        'commit-state',
        'raise-addresses',
        'announce',
        'start-forwarding',
      ],
    );
    expect(end).toEqual({ kind: 'end', ok: true, role: 'active' });
    expect((await takeOver()).end).toEqual({
      kind: 'end',
      ok: true,
      role: 'active',
      why: 'it is active already',
    });
    expect((await ask({ command: 'release' })).end).toEqual({ kind: 'end', ok: true, role: 'standby' });
  });

  it('says why a takeover came to nothing', async () => {
    detach = () => Promise.reject(new Error('no adapter'));
    expect((await takeOver()).end).toEqual({
      kind: 'end',
      ok: false,
      role: 'standby',
      why: 'detach-adapters failed: no adapter',
    });
  });

  it('goes on with what was begun when who asked goes away; who asks again hears the rest', async () => {
    let go = (): void => {};
    detach = () => new Promise((resolve) => (go = resolve));
    const socket = connect(controlSocketOf(config));
    socket.write('{"command":"take-over","force":true}\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    const second = takeOver();
    const heard = await ask({ command: 'status' });
    expect(heard.end.role).toBe('taking-over');
    go();
    expect((await second).end).toEqual({ kind: 'end', ok: true, role: 'active' });
  });

  it.each(['what?', '{"command":"reboot"}', '{"command":"take-over"}'])('refuses %s', async (line) => {
    const socket = connect(controlSocketOf(config));
    socket.write(`${line}\n`);
    const said = await new Promise((resolve) => socket.once('data', resolve));
    expect(JSON.parse(String(said))).toMatchObject({ kind: 'end', ok: false });
    socket.destroy();
  });

  it('ends with the node, also for who waits', async () => {
    detach = () => new Promise(() => {});
    const asked = takeOver().then(
      () => 'answered',
      (error: Error) => error.message,
    );
    await ask({ command: 'status' });
    await control.close();
    expect(await asked).toBe('node-b ended before it was done');
    driver.feed({ kind: 'failed', action: 'detach-adapters', why: 'the test is over' });
  });

  it('ends with the node, also where a caller does not hang up', async () => {
    const mute = connect({ path: controlSocketOf(config), allowHalfOpen: true });
    mute.on('error', () => {});
    await new Promise((resolve) => mute.once('connect', resolve));
    await ask({ command: 'status' }); // so that the node knows of both
    await control.close();
    mute.destroy();
  });

  it('hangs up on who says too much', async () => {
    const socket = connect(controlSocketOf(config));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.write('x'.repeat(100_000));
    await closed;
  });

  it('keeps a node that stands by from taking the role by itself, where it is told to release', async () => {
    driver.feed({ kind: 'started' });
    expect((await ask({ command: 'release' })).end).toEqual({
      kind: 'end',
      ok: true,
      role: 'standby',
      why: 'it is standby already',
    });
    driver.feed({ kind: 'heartbeat', role: 'standby', term: 0 });
    driver.feed({ kind: 'timer', timer: 'peer-dead' });
    driver.feed({ kind: 'timer', timer: 'vacant' });
    expect(driver.machine.role).toBe('standby');
  });

  it('is not there where no node runs', async () => {
    const gone = testConfig({ stateFolder: path.join(folder, 'none') });
    await expect(askNode(gone, { command: 'status' }, () => {})).rejects.toMatchObject({
      message: `node-b does not run (${controlSocketOf(gone)})`,
      hint: 'diagnose gateway run --config FILE',
    });
  });

  it('has a path that the kernel takes', async () => {
    await expect(openControl(`/${'x'.repeat(107)}`, driver, status)).rejects.toThrow(
      'is longer than 107 bytes',
    );
  });
});
