import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { NodeContext, Tuple } from '../forwarder.ts';
import type { JournalLine } from '../journal-writer.ts';
import { isInstalled, run } from '../program.ts';
import { testConfig } from '../test-config.ts';
import { isRoot, makeNetwork, raiseGateway, type TestNetwork } from '../test-network.ts';
import { forgetLostConnections, resetConnections } from './fail-fast.ts';
import { legsOf } from './legs.ts';
import { elementsText, TABLE, tableText } from './rules.ts';

/** Says what became of each connection; answers `ping` by `pong`; writes without end to who asks for `/slow`. */
const SERVER = `
const net = require('node:net');
net.createServer((socket) => {
  const who = socket.remotePort;
  let flow;
  console.log('open ' + who);
  socket.on('data', (data) => {
    if (data.toString().includes('GET /slow')) {
      socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 100000000\\r\\n\\r\\n');
      flow = setInterval(() => socket.write(Buffer.alloc(1000)), 20);
    } else socket.write('pong');
  });
  socket.on('error', (error) => console.log('error ' + who + ' ' + error.code));
  socket.on('close', () => { clearInterval(flow); console.log('close ' + who); });
}).listen(80, '::', () => console.log('listening'));`;

/** Opens a connection to each address of its arguments; sends a ping on the one that it is told. */
const CLIENT = `
const net = require('node:net');
const sockets = process.argv.slice(1).map((address) => {
  const socket = net.connect(80, address, () => console.log('open ' + address + ' ' + socket.localPort));
  const port = () => socket.was;
  socket.on('connect', () => (socket.was = socket.localPort));
  socket.on('data', (data) => console.log('data ' + port() + ' ' + data));
  socket.on('error', (error) => console.log('error ' + port() + ' ' + error.code));
  return socket;
});
process.stdin.on('data', (data) => sockets.find((socket) => socket.was === Number(data)).write('ping'));`;

class Program {
  readonly lines: string[] = [];
  readonly child: ChildProcess;

  constructor(namespace: string, command: readonly string[]) {
    this.child = spawn('ip', ['netns', 'exec', namespace, ...command]);
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.lines.push(line));
    createInterface({ input: this.child.stderr! }).on('line', (line) => this.lines.push(line));
    this.child.on('exit', (code) => this.lines.push(`exit ${code}`));
  }

  async line(wanted: RegExp): Promise<RegExpMatchArray> {
    for (const until = Date.now() + 20_000; Date.now() < until; await sleep(5)) {
      for (const line of this.lines) {
        const match = line.match(wanted);
        if (match !== null) return match;
      }
    }
    throw new Error(`no line ${wanted} in ${JSON.stringify(this.lines)}`);
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

const V4 = '10.0.2.10';
const V6 = 'fd00:0:0:2::10';
const tuple = (port: number, server = V4): Tuple => ({
  client: { address: server === V4 ? '10.0.1.10' : 'fd00:0:0:1::10', port },
  server: { address: server, port: 80 },
});

describe.skipIf(!isRoot || !isInstalled('nft'))('fail-fast, as root with nft', () => {
  let network: TestNetwork;
  let programs: Program[];
  let server: Program;
  const journal: JournalLine[] = [];
  const troubles: string[] = [];
  const context: NodeContext = {
    config: testConfig(),
    journal: { write: (line) => journal.push(line), close: () => {} },
    onTrouble: (what) => troubles.push(what),
  };
  const start = (role: string, ...command: string[]): Program => {
    const program = new Program(network.name(role), command);
    programs.push(program);
    return program;
  };
  const reset = (...tuples: Tuple[]) => network.within('node-b', () => resetConnections(context, tuples));
  /** Node A is dead, node B has its addresses and forwards nothing. */
  const failOver = () => {
    for (const side of ['in', 'out']) network.ip('node-a', 'link', 'set', side, 'down');
    raiseGateway(network, 'node-b', false);
    for (const host of ['client', 'server']) network.ip(host, 'neigh', 'flush', 'dev', 'eth0');
  };
  const connect = async (...addresses: string[]) => {
    const client = start('client', process.execPath, '-e', CLIENT, ...addresses);
    const ports: number[] = [];
    for (const address of new Set(addresses)) {
      const count = addresses.filter((other) => other === address).length;
      const opened = () => client.lines.filter((line) => line.startsWith(`open ${address} `));
      while (opened().length < count) await sleep(5);
      ports.push(...opened().map((line) => Number(line.split(' ')[2])));
    }
    return { client, ports };
  };

  beforeEach(async () => {
    programs = [];
    journal.length = 0;
    troubles.length = 0;
    network = makeNetwork(['node-a', 'node-b']);
    raiseGateway(network, 'node-a', true);
    server = start('server', process.execPath, '-e', SERVER);
    await server.line(/listening/);
  });
  afterEach(async () => {
    await Promise.all(programs.map((program) => program.end()));
    network.close();
  });

  const curl = ['curl', '-sS', '-g', '-o', '/dev/null'];
  const wget = ['wget', '-q', '--tries=1', '-O', '/dev/null'];
  it.skipIf(!isInstalled('curl') || !isInstalled('wget')).each([
    ['curl, IPv4', V4, `http://${V4}/slow`, curl, /^exit 56$/],
    ['curl, IPv6', V6, `http://[${V6}]/slow`, curl, /^exit 56$/],
    ['wget, IPv4', V4, `http://${V4}/slow`, wget, /^exit 4$/],
    ['wget, IPv6', V6, `http://[${V6}]/slow`, wget, /^exit 4$/],
  ])(
    'a client that only receives learns of it, and so does its server: %s',
    async (_, address, url, command, end) => {
      const client = start('client', ...command, url);
      const port = Number((await server.line(/^open (\d+)/))[1]);
      await sleep(300);
      failOver();
      await sleep(1200);
      expect(client.child.exitCode).toBeNull();
      expect(await reset(tuple(port, address))).toEqual({ reset: 2, gone: 0, unanswered: [] });
      await client.line(end);
      await server.line(new RegExp(`^error ${port} ECONNRESET$`));
      expect(journal.map((line) => ('toward' in line ? line.toward : line.event)).sort()).toEqual([
        'client',
        'server',
      ]);
      expect(troubles).toEqual([]);
    },
  );

  it('ends that say nothing learn of it, and a connection that was not lost goes on', async () => {
    const { client, ports } = await connect(V4, V4, V6);
    const [lost, kept, lost6] = ports as [number, number, number];
    failOver();
    expect(await reset(tuple(lost), tuple(lost6, V6))).toEqual({ reset: 4, gone: 0, unanswered: [] });
    for (const port of [lost, lost6]) {
      await client.line(new RegExp(`^error ${port} ECONNRESET$`));
      await server.line(new RegExp(`^error ${port} ECONNRESET$`));
    }
    raiseGateway(network, 'node-b', true);
    client.child.stdin!.write(String(kept));
    await client.line(new RegExp(`^data ${kept} pong$`));
    expect(server.lines.concat(client.lines).filter((line) => line.includes(`error ${kept}`))).toEqual([]);
  });

  it('an end that is gone is told apart, and one that is not there is named', async () => {
    const { ports } = await connect(V4);
    failOver();
    // A port at which nobody ever was: the client's system resets what it does not know. Nobody has 10.0.1.99.
    const gone = { ...tuple(ports[0]!), client: { address: '10.0.1.10', port: 1 } };
    const nobody = { address: '10.0.1.99', port: 4000 };
    const outside = tuple(ports[0]!);
    const report = await reset({ ...gone, outside }, { client: nobody, server: gone.server, outside });
    expect(report).toMatchObject({ reset: 1, gone: 1 });
    expect(report.unanswered).toMatchObject([{ end: nobody, toward: 'client' }]);
    await server.line(new RegExp(`^error ${ports[0]} ECONNRESET$`));
    expect(journal).toMatchObject([{ event: 'reset-sent', toward: 'server' }]);
  });

  it('the same ports used again are left alone', async () => {
    const { ports } = await connect(V4);
    failOver();
    await reset(tuple(ports[0]!));
    raiseGateway(network, 'node-b', true);
    const url = `http://${V4}/slow`;
    const again = start(
      'client',
      'curl',
      '-sS',
      '-m',
      '1',
      '--local-port',
      `${ports[0]}`,
      '-o',
      '/dev/null',
      url,
    );
    await again.line(/^exit 28$/); // its own time limit: until then it was served
    expect(network.exec('node-b', 'nft', 'list', 'table', 'inet', TABLE)).not.toContain('elements');
    await network.within('node-b', forgetLostConnections);
    expect(network.exec('node-b', 'nft', 'list', 'tables')).not.toContain(TABLE);
    await network.within('node-b', forgetLostConnections);
  });

  it('a connection that leaves by the port of a lost one is left alone: the node’s own, and a translated one', async () => {
    failOver();
    const outside = { client: { address: '10.0.2.1', port: 31_000 }, server: { address: V4, port: 80 } };
    // As it stays for the three minutes in which a late segment may come.
    const input = tableText() + elementsText(legsOf([{ ...tuple(4000), outside }]));
    const lose = () => network.within('node-b', () => run('nft', ['-f', '-'], { input }));
    const get = (role: string, ...more: string[]) =>
      start(role, ...curl, '-m', '1', '-w', '%{http_code}\n', ...more, `http://${V4}/slow`);
    await lose();
    const own = get('node-b', '--local-port', '31000');
    await own.line(/^\d{3}$/);
    expect(own.lines).toContain('200');

    await lose();
    network.exec('node-b', 'nft', 'add table ip nat');
    network.exec('node-b', 'nft', 'add chain ip nat post { type nat hook postrouting priority 100; }');
    const rule = 'add rule ip nat post oifname "out" meta l4proto tcp snat to 10.0.2.1:31000-31000';
    network.exec('node-b', 'nft', rule);
    raiseGateway(network, 'node-b', true);
    const translated = get('client');
    await translated.line(/^\d{3}$/);
    expect(translated.lines).toContain('200');
  });

  it('behind address translation the server is told in the name that it knows', async () => {
    const rule = 'add rule ip nat post oifname "out" meta l4proto tcp masquerade to :30000-30099';
    network.exec('node-a', 'nft', 'add table ip nat');
    network.exec('node-a', 'nft', 'add chain ip nat post { type nat hook postrouting priority 100; }');
    network.exec('node-a', 'nft', rule);
    const { client, ports } = await connect(V4);
    const outside = Number((await server.line(/^open (\d+)/))[1]);
    expect(outside).not.toBe(ports[0]);
    failOver();
    const legs = { client: { address: '10.0.2.1', port: outside }, server: { address: V4, port: 80 } };
    expect(await reset({ ...tuple(ports[0]!), outside: legs })).toMatchObject({ reset: 2, unanswered: [] });
    await client.line(/^error \d+ ECONNRESET$/);
    await server.line(new RegExp(`^error ${outside} ECONNRESET$`));
  });
});
