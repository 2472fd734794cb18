/** A collector as users run it: what it leaves, how it is asked, what it may, what it goes on through, what it refuses. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Report } from '../analyzer/index.ts';
import type { CollectorConfigInput } from '../collector/config.ts';
import { findProgram } from '../collector/engine/program.ts';
import { canCapture } from '../collector/engine/test-namespace.ts';
import { makeWorld, type Running, until, type World } from './collect-world.ts';
import { bundleWholeCli, removeBundle } from './run-cli.ts';

const NET_RAW = 1n << 13n;
const SETGID = 1n << 6n;
const DAC_OVERRIDE = 1n << 1n;
const capturesOf = (folder: string): string[] =>
  readdirSync(path.join(folder, 'ring')).map((name) => path.join(folder, 'ring', name));

describe.skipIf(!canCapture)('diagnose collect (needs root, ip, tcpdump)', () => {
  let bundle = '';
  let world: World;
  beforeAll(async () => {
    bundle = await bundleWholeCli();
    world = await makeWorld(bundle);
  });
  afterAll(async () => {
    await world?.close();
    removeBundle(bundle);
  });

  const flags = (folder: string): string[] => [
    '--interface',
    'v0',
    '--vantage',
    'node-a.out',
    '--folder',
    folder,
  ];
  const start = async (...words: string[]): Promise<Running> => {
    const running = world.collect(words);
    await running.heard(/captures on v0|"capturing"/, words.includes('--json') ? 'out' : 'err');
    return running;
  };
  const packets = async (running: Running, folder: string): Promise<number> =>
    (await running.status(folder)).interfaces.reduce((sum, one) => sum + one.packets, 0);
  const packetsCome = (running: Running, folder: string): Promise<void> =>
    until(
      () => 'packets come',
      async () => (await packets(running, folder)) > 2,
    );
  const configFile = (folder: string, change: Partial<CollectorConfigInput>): string => {
    const file = `${folder}.yaml`;
    writeFileSync(
      file,
      stringify({ folder, captures: [{ interface: 'v0', vantage: 'node-a.out' }], ...change }),
    );
    return file;
  };
  const rights = (pid: number): { uid: number; caps: bigint[] } => {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const set = (name: string) => BigInt(`0x${new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(text)?.[1]}`);
    return { uid: Number(/^Uid:\s*(\d+)/m.exec(text)?.[1]), caps: [set('CapEff'), set('CapBnd')] };
  };

  it('leaves files that diagnose reads, whose vantage is known, and that are private', async () => {
    const folder = world.folder('basic');
    const running = await start(...flags(folder));
    expect(running.said.err).toMatch(
      /keeps the first 256 bytes of each packet .* by tcpdump \d.* into .*basic, 2 GB at most; to pin /,
    );
    await world.transfer(300_000);
    await until(
      () => 'packets come',
      async () => (await packets(running, folder)) > 20,
    );
    expect(await running.kill('SIGTERM')).toBe(0);
    expect(running.said.err).toContain('every file is closed');
    expect(running.said.err).not.toContain('\x1b');
    const files = capturesOf(folder);
    expect(files).toHaveLength(1);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of files) {
      expect(file).toMatch(/ring.node-a\.out-\d{8}T\d{6}\.\d{3}Z-000001\.pcapng$/);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(readdirSync(folder)).not.toContain('control.sock');
    const { stdout, code } = await world.run('--json', path.join(folder, 'ring'));
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Report;
    expect(report.captures.map(({ vantage }) => vantage)).toMatchObject([{ host: 'node-a', side: 'out' }]);
    expect(report.flows).toHaveLength(1);
  });

  it.skipIf(findProgram('tshark') === null)(
    'leaves files that tshark reads, with what they say of themselves (needs tshark)',
    () => {
      const [file = ''] = capturesOf(world.folder('basic'));
      const tshark = (...words: string[]) =>
        execFileSync('tshark', ['-r', file, ...words], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
      expect(tshark('-Y', 'tcp.port == 7000').trim().split('\n').length).toBeGreaterThan(20);
      expect(tshark('-T', 'fields', '-e', 'frame.interface_name').trim().split('\n')[0]).toBe('v0');
      const lengths = tshark('-T', 'fields', '-e', 'frame.cap_len').trim().split('\n').map(Number);
      expect(Math.max(...lengths)).toBe(256);
    },
  );

  it('pins by command, by SIGUSR1 and by a takeover in a journal that comes later', async () => {
    const folder = world.folder('pins');
    const journal = `${folder}.jsonl`;
    const file = configFile(folder, {
      pin: { before: '10s', after: '500ms' },
      journals: [{ node: 'node-b', file: journal }],
    });
    const running = await start('--config', file, '--json');
    await world.transfer(1000);
    const pinned = async (times: number) => {
      await until(
        () => `${times} pins; ${running.said.out}`,
        () => running.events('pin-complete').length >= times,
      );
      return running.events('pinned').at(-1);
    };
    const { code, stdout } = await world.run(
      'collect',
      'trigger',
      '--config',
      file,
      '--why',
      'users complain',
    );
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^pinned \d.* to .*UTC: \S+\n$/),
    });
    expect(await pinned(1)).toMatchObject({ why: 'users complain' });
    process.kill(running.pid, 'SIGUSR1');
    expect(await pinned(2)).toMatchObject({ why: 'SIGUSR1' });
    const time = String(BigInt(Date.now()) * 1_000_000n);
    appendFileSync(
      journal,
      `${JSON.stringify({ time, node: 'node-b', event: 'role', from: 'standby', to: 'taking-over' })}\n`,
    );
    expect(await pinned(3)).toMatchObject({ why: 'node-b takes over' });
    const status = await running.status(folder);
    expect(status.pins.pins).toBe(3);
    expect(status.pins.bytes).toBeGreaterThan(0);
    expect(await running.kill('SIGINT')).toBe(130);
  });

  it('goes on after a SIGKILL with what was written, and notes the gap', async () => {
    const folder = world.folder('killed');
    const first = await start(...flags(folder), '--json');
    await world.transfer(50_000);
    await until(
      () => 'packets come',
      async () => (await packets(first, folder)) > 10,
    );
    const { pid } = await first.status(folder);
    process.kill(pid, 'SIGKILL');
    expect(await first.ended).toBe(2);
    expect(first.said.err).toContain('error: the collector was ended by SIGKILL\n');
    const second = await start(...flags(folder), '--json');
    await world.transfer(50_000);
    await until(
      () => 'packets come',
      async () => (await packets(second, folder)) > 10,
    );
    expect(await second.kill('SIGTERM')).toBe(0);
    const files = capturesOf(folder);
    expect(files.length).toBeGreaterThanOrEqual(2);
    const whole = files.map((file) => readFileSync(file, 'latin1')).join('');
    expect(whole).toContain('"note":"gap"');
    for (const file of files) expect((await world.run('--json', '--strict', file)).code).toBe(0);
  });

  it('ends in order when the process that root started is killed', async () => {
    const folder = world.folder('orphan');
    const running = await start(...flags(folder));
    const { pid } = await running.status(folder);
    expect(pid).not.toBe(running.pid);
    process.kill(running.pid, 'SIGKILL');
    await running.ended;
    await until(
      () => `${pid} ends`,
      () => !existsSync(`/proc/${pid}`),
    );
    expect(capturesOf(folder).length).toBeGreaterThan(0);
    expect(capturesOf(folder).filter((file) => !file.endsWith('.pcapng'))).toEqual([]);
  });

  it('goes on when the disk is full, says so, and what was written can be read', async () => {
    const folder = world.folder('full');
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', folder]);
    try {
      const running = await start(...flags(folder), '--snaplen', '0', '--json');
      await world.transfer(8_000_000);
      await until(
        () => `trouble is told; ${running.said.out}`,
        () => running.events('trouble').length > 0,
      );
      expect((await running.status(folder)).interfaces[0]?.state).toBe('capturing');
      expect(await running.kill('SIGTERM')).toBe(0);
      expect(capturesOf(folder).length).toBeGreaterThan(0);
      for (const file of capturesOf(folder)) expect((await world.run('--json', file)).code).toBe(0);
    } finally {
      execFileSync('umount', ['-l', folder]);
    }
  });

  it('has one file for the interfaces of a vantage', async () => {
    const folder = world.folder('both');
    const running = await start(...flags(folder), '--interface', 'lo', '--vantage', 'node-a.out');
    await running.heard(/captures on lo/);
    const { stdout } = await world.run('collect', 'status', '--json', '--folder', folder);
    expect(JSON.parse(stdout)).toMatchObject({ interfaces: [{ interface: 'v0' }, { interface: 'lo' }] });
    await running.kill('SIGTERM');
    expect(capturesOf(folder)).toHaveLength(1);
  });

  it.skipIf(findProgram('script') === null)(
    'shows how it stands in one line of a terminal, and ends by Ctrl-C (needs script)',
    async () => {
      const folder = world.folder('terminal');
      const running = world.terminal(flags(folder));
      await running.heard(
        /\r\x1b\[2mnode-a\.out \d+ packets?, 0 lost, .* \| ring .* of 2 GB\x1b\[0m\x1b\[K/,
        'out',
      );
      running.type('\x03');
      expect(await running.ended).toBe(130);
      expect(running.said.out).toMatch(/\r\x1b\[K[\d:.]+ UTC {2}ended; every file is closed\r\n$/);
      expect(running.said.out).not.toContain('nothing is captured');
      expect(capturesOf(folder).filter((file) => !file.endsWith('.pcapng'))).toEqual([]);
      const plain = world.terminal(flags(folder), { NO_COLOR: '1' });
      await plain.heard(/\rnode-a\.out \d+ packets?/, 'out');
      plain.type('\x03');
      await plain.ended;
      expect(plain.said.out).not.toMatch(/\x1b\[\d*m/);
    },
  );

  it('ships what is pinned to a diagnose serve, which makes an incident of it', async () => {
    const folder = world.folder('shipped');
    const server = await world.serve(7878, world.folder('data'));
    const file = configFile(folder, {
      pin: { before: '10s', after: '500ms' },
      ship: { url: 'http://127.0.0.1:7878' },
    });
    const running = await start('--config', file, '--json');
    await world.transfer(100_000);
    await until(
      () => 'packets come',
      async () => (await packets(running, folder)) > 10,
    );
    await world.run('collect', 'trigger', '--folder', folder, '--why', 'users complain');
    await running.heard(/"event":"shipped"/, 'out');
    const status = await running.status(folder);
    expect(status.ship).toMatchObject({ state: 'connected', acknowledged: expect.stringMatching(/^\d+$/) });
    const { incidents } = JSON.parse(world.exec('curl', '-sS', 'http://127.0.0.1:7878/api/incidents')) as {
      incidents: { title: string; files: number }[];
    };
    expect(incidents).toMatchObject([{ title: expect.stringContaining('users complain'), files: 1 }]);
    expect(await running.kill('SIGTERM')).toBe(0);
    const check = world.collect(['--config', file, '--check']);
    expect(await check.ended).toBe(0);
    expect(check.said.out).toMatch(
      /^ok +server +http:\/\/127\.0\.0\.1:7878 answers; its clock is [\d.]+ ms /m,
    );
    await server.kill('SIGTERM');
  });

  it('ships at its end what it was still writing, and says what it could not', async () => {
    const server = await world.serve(7879, world.folder('data-of-the-end'));
    const endsWith = async (name: string): Promise<Running> => {
      const folder = world.folder(name);
      const ship = { url: 'http://127.0.0.1:7879' };
      // Neither the window nor the file is over when it ends.
      const running = await start('--config', configFile(folder, { ship }), '--json');
      await world.run('collect', 'trigger', '--folder', folder, '--why', name);
      expect(await running.kill('SIGTERM')).toBe(0);
      return running;
    };
    const shipped = await endsWith('at-its-end');
    expect(shipped.events('shipped')).toHaveLength(1);
    expect(world.exec('curl', '-sS', 'http://127.0.0.1:7879/api/incidents')).toContain('at-its-end');
    await server.kill('SIGTERM');
    const kept = await endsWith('server-away');
    expect(kept.events('trouble').at(-1)).toMatchObject({
      what: expect.stringMatching(/^1 file \(0\.0 MB\) did not reach the server: .*server-away$/),
    });
  });

  it('has only what capturing takes where root starts it', async () => {
    const folder = world.folder('root');
    const running = await start(...flags(folder));
    const { pid } = await running.status(folder);
    expect(rights(pid)).toEqual({ uid: 0, caps: [NET_RAW | SETGID, NET_RAW | SETGID] });
    await running.kill('SIGTERM');
  });

  it('keeps what it takes to reach the folder in the home of a user, and says so', async () => {
    const home = world.folder('home');
    mkdirSync(home, { mode: 0o700 });
    execFileSync('chown', ['65534', home]);
    const folder = path.join(home, 'captures');
    const running = await start(...flags(folder));
    expect(running.said.err).toMatch(/^note: keeps CAP_DAC_OVERRIDE beside CAP_NET_RAW: .*home\/captures\n/);
    const { pid } = await running.status(folder);
    expect(rights(pid).caps).toEqual(Array(2).fill(NET_RAW | SETGID | DAC_OVERRIDE));
    expect(await running.kill('SIGTERM')).toBe(0);
    expect(statSync(folder)).toMatchObject({ uid: 0, mode: 0o40700 });
    expect(capturesOf(folder)).toHaveLength(1);
  });

  it('becomes the user that is named, with CAP_NET_RAW alone, and gives it the folder', async () => {
    const folder = world.folder('user');
    world.openToAll();
    const running = await start(...flags(folder), '--user', 'nobody');
    const { pid } = await running.status(folder);
    const { uid, caps } = rights(pid);
    expect(uid).toBe(statSync(folder).uid);
    expect(uid).not.toBe(0);
    expect(caps).toEqual([NET_RAW, NET_RAW]);
    await world.transfer(1000);
    await packetsCome(running, folder);
    expect(await running.kill('SIGTERM')).toBe(0);
    expect(capturesOf(folder).length).toBeGreaterThan(0);
    for (const file of capturesOf(folder)) expect(statSync(file).uid).toBe(uid);
  });

  it('runs as any user that has CAP_NET_RAW', async () => {
    const folder = world.folder('plain');
    world.openToAll();
    mkdirSync(folder, { mode: 0o777 });
    const before = [
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--inh-caps=-all,+net_raw',
      '--ambient-caps=-all,+net_raw',
      '--bounding-set=-all,+net_raw',
    ];
    execFileSync('chown', ['65534', folder]);
    const running = world.collect(flags(folder), before);
    await running.heard(/captures on v0/);
    expect(rights((await running.status(folder)).pid)).toEqual({ uid: 65534, caps: [NET_RAW, NET_RAW] });
    await world.transfer(1000);
    await packetsCome(running, folder);
    expect(await running.kill('SIGTERM')).toBe(0);
    expect(capturesOf(folder).map((file) => statSync(file).uid)).toEqual([65534]);
  });

  it('has metrics, where they are asked for', async () => {
    const folder = world.folder('metrics');
    const running = await start(...flags(folder), '--metrics', '9109');
    await running.heard(/metrics: http:\/\/127\.0\.0\.1:9109\/metrics/);
    expect(world.exec('curl', '-sS', 'http://127.0.0.1:9109/metrics')).toContain(
      'stallscope_collector_capturing{vantage="node-a.out",interface="v0"} 1\n',
    );
    const second = world.collect([...flags(world.folder('metrics-2')), '--metrics', '9109']);
    expect(await second.ended).toBe(2);
    expect(second.said.err).toMatch(
      /^error: metrics: cannot listen on 127\.0\.0\.1:9109: the port is in use\nhelp: .*\n$/,
    );
    await running.kill('SIGTERM');
  });

  it('says by --check what it needs, a line each', async () => {
    const folder = world.folder('check');
    const check = async (...words: string[]) => {
      const running = world.collect([...words, '--check']);
      return { code: await running.ended, lines: running.said.out.trimEnd().split('\n') };
    };
    const good = await check(...flags(folder), '--interface', 'nope0', '--vantage', 'node-a.in');
    expect(good.code).toBe(0);
    expect(good.lines).toEqual([
      expect.stringMatching(
        /^ok +configuration +from flags, 2 interfaces, 256 bytes of each packet, a ring of 2 GB$/,
      ),
      expect.stringMatching(/^ok +engine +tcpdump \d/),
      expect.stringMatching(/^ok +node-a.out v0 +may capture; the filter is accepted$/),
      expect.stringMatching(/^waits +node-a.in nope0 +no such interface yet; the collector waits for it/),
      expect.stringMatching(/^(?:ok|note) +folder +.*can be made/),
    ]);
    expect(existsSync(folder)).toBe(false);
    const bad = await check(...flags(folder), '--filter', 'tcp and', '--ship', 'http://127.0.0.1:9');
    expect(bad.code).toBe(2);
    expect(bad.lines.join('\n')).toMatch(/^fails +node-a.out v0 +v0: the filter does not hold/m);
    expect(bad.lines.join('\n')).toMatch(/^waits +server +no answer from 127\.0\.0\.1:9/m);
  });

  describe('refuses, in a line, with the next step', () => {
    const refused = async (words: string[], before?: string[]): Promise<string> => {
      const running = world.collect(words, before);
      expect(await running.ended).toBe(2);
      expect(running.said.out).toBe('');
      return running.said.err;
    };

    it('a filter that does not hold', async () => {
      const said = await refused([...flags(world.folder('bad')), '--filter', 'tcp and']);
      expect(said).toMatch(/^error: .*filter does not hold.*\n(help: .*\n)?$/);
    });

    it('a folder that cannot be written', async () => {
      writeFileSync(world.folder('a-file'), '');
      expect(await refused(flags(world.folder('a-file')))).toMatch(/^error: .*a-file.*\n(help: .*\n)?$/);
    });

    it('a second collector on one folder', async () => {
      const folder = world.folder('shared-folder');
      const running = await start(...flags(folder));
      const { pid } = await running.status(folder);
      expect(await refused(flags(folder))).toMatch(
        new RegExp(`^error: .*shared-folder.*${pid}.*\\nhelp: .*\\n$`),
      );
      await running.kill('SIGTERM');
    });

    it('to capture without the right to', async () => {
      const folder = world.folder('no-right');
      world.openToAll();
      mkdirSync(folder);
      execFileSync('chown', ['65534', folder]);
      const nobody = [
        'setpriv',
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        '--bounding-set=-all',
        '--inh-caps=-all',
      ];
      expect(await refused(flags(folder), nobody)).toMatch(
        /^error: .*may not capture.*\nhelp: .*setcap cap_net_raw.*\n$/,
      );
    });

    it('a user that cannot read what it has to', async () => {
      const token = world.folder('token');
      writeFileSync(token, 'secret', { mode: 0o600 });
      world.openToAll();
      const ship = ['--ship', 'http://127.0.0.1:9', '--token-file', token];
      expect(await refused([...flags(world.folder('token-user')), '--user', 'nobody', ...ship])).toMatch(
        /^error: user: nobody cannot reach .*token\nhelp: let nobody read it.*\n$/,
      );
    });

    it('a user that does not exist', async () => {
      const said = await refused([...flags(world.folder('nobody')), '--user', 'stallscope-none']);
      expect(said).toMatch(/^error: user: there is no user 'stallscope-none'\nhelp: useradd .*\n$/);
    });
  });

  it.skipIf(findProgram('systemd-analyze') === null)(
    'has a unit that systemd takes (needs systemd-analyze)',
    () => {
      const unit = fileURLToPath(new URL('../docs/stallscope-collect.service', import.meta.url));
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
  );

  it('waits for an interface that is not there, and captures when it is', async () => {
    const folder = world.folder('late');
    const running = world.collect([
      '--interface',
      'late0',
      '--vantage',
      'node-a.in',
      '--folder',
      folder,
      '--json',
    ]);
    await running.heard(/"gap".*late0/, 'out');
    world.here.ip('link add late0 type veth peer name late1');
    world.here.ip('link set late0 up');
    await running.heard(/"capturing".*late0/, 'out');
    // No interface; one that is down, where that was seen; and no engine that listens yet.
    const [late] = (await running.status(folder)).interfaces;
    expect(late).toMatchObject({ state: 'capturing' });
    expect(late?.gaps).toBeGreaterThanOrEqual(2);
    await running.kill('SIGTERM');
    world.here.ip('link delete late0');
  });
});
