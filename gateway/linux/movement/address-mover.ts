/**
 * Only the addresses move, between two nodes that are both on the network: VRRP, by keepalived, which this node runs and
 * whose priority it sets. A claim is a priority above that of whoever holds the role; who gives the role up withdraws,
 * so that the others need not wait for its silence, and is the least of candidates after that.
 * The trap: keepalived puts the addresses up by itself. What it says comes before the node has done
 * anything, and its announcements would draw traffic to a node that does not forward yet: they are held back.
 */
import { constants, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeContext } from '../forwarder.ts';
import { GatewayError } from '../forwarder.ts';
import type { Mover, OnVrrp } from '../mover.ts';
import { run } from '../program.ts';
import { RAW_MARK } from '../raw/raw-sockets.ts';
import { type SupervisedDaemon, superviseDaemon } from '../routed/supervised-daemon.ts';
import { Announcer } from './announcement.ts';
import {
  type AddressMove,
  claimText,
  dropQuietText,
  type KeepalivedFiles,
  keepalivedText,
  parseNotice,
  quietText,
  type Standing,
} from './keepalived-config.ts';
import { bringUp, readLinks } from './links.ts';
import { addressWords, hasAddress, hostOf, ipBatch, SIDES } from './side-addresses.ts';

/** Until a withdrawn node is a candidate again, in advertisement intervals: another needs at most one to take over. */
const WITHDRAWN_INTERVALS = 2;
/** A claim is heard after three intervals and a skew of at most one (RFC 5798, section 6.1). */
const CLAIM_INTERVALS = 6;
const LOOK_EVERY = 20;

/** @throws GatewayError where the configuration moves adapters */
export function createAddressMover(context: NodeContext, onVrrp: OnVrrp): Mover {
  if (context.config.move.by !== 'address') throw new GatewayError('move.by is not address');
  const folder = path.resolve(context.config.stateFolder);
  if (!/^[\w./-]+$/.test(folder))
    throw new GatewayError(
      `keepalived cannot have its files in ${folder}`,
      'a stateFolder of letters, digits and . _ - only',
    );
  return new AddressMover(context, context.config.move, onVrrp);
}

class AddressMover implements Mover {
  readonly #context: NodeContext;
  readonly #move: AddressMove;
  readonly #onVrrp: OnVrrp;
  readonly #announcer: Announcer;
  readonly #files: KeepalivedFiles;
  #daemon: SupervisedDaemon | null = null;
  #notices: Socket | null = null;
  #state: 'master' | 'backup' | 'fault' | null = null;
  #standing: Standing = 'candidate';
  #return: NodeJS.Timeout | undefined;
  /** Addresses of its own that it put up, to be taken down at the end. */
  #own: { device: string; address: string }[] = [];

  constructor(context: NodeContext, move: AddressMove, onVrrp: OnVrrp) {
    this.#context = context;
    this.#move = move;
    this.#onVrrp = onVrrp;
    this.#announcer = new Announcer(context);
    const file = (name: string) => path.resolve(context.config.stateFolder, name);
    this.#files = {
      config: file('keepalived.conf'),
      fifo: file('keepalived.fifo'),
      claim: file('keepalived.claim'),
      pid: file('keepalived.pid'),
      vrrpPid: file('keepalived-vrrp.pid'),
    };
  }

  async prepare(): Promise<void> {
    const { config } = this.#context;
    await this.attach();
    await run('nft', ['-f', '-'], { input: quietText(config, RAW_MARK) });
    writeFileSync(this.#files.config, keepalivedText(config, this.#move, this.#files));
    this.#stand('candidate');
    await this.#listen();
    this.#daemon = await superviseDaemon({
      program: 'keepalived',
      package: 'keepalived',
      args: [
        ...['--dont-fork', '--dont-respawn', '--vrrp', '--log-console', '--no-syslog'],
        ...['--use-file', this.#files.config, '--pid', this.#files.pid, '--vrrp_pid', this.#files.vrrpPid],
      ],
      clear: () => {
        for (const file of [this.#files.pid, this.#files.vrrpPid]) rmSync(file, { force: true });
        this.#state = null;
      },
      probe: async () => {
        if (this.#state === null) throw new GatewayError('keepalived has said nothing yet');
      },
      restarted: async () => {},
      onTrouble: this.#context.onTrouble,
    });
  }

  detach = async (): Promise<void> => {};

  /** The links are up, with the addresses that are this node's own. */
  async attach(): Promise<void> {
    const links = await readLinks();
    for (const side of SIDES) {
      const { interface: device, ownAddresses } = this.#context.config[side];
      const link = links.find(({ name }) => name === device);
      if (!link) throw new GatewayError(`there is no interface ${device}`, 'ip link shows which there are');
      if (!link.isUp) await bringUp(device);
      const missing = ownAddresses.filter((address) => !hasAddress(links, device, address));
      await ipBatch(missing.map((address) => addressWords('replace', address, device)));
      this.#own.push(...missing.map((address) => ({ device, address })));
    }
  }

  async raise(): Promise<void> {
    if (this.#state === 'master' && (await this.#has('all'))) return;
    const limit = CLAIM_INTERVALS * this.#move.advertiseEvery + 2000;
    this.#stand('claiming');
    const isMaster = async () => this.#state === 'master' && (await this.#has('all'));
    if (await this.#within(limit, isMaster)) return;
    this.#stand('candidate');
    throw new GatewayError(
      `keepalived is ${this.#state ?? 'silent'}, not master, ${limit / 1000} s after the role was claimed`,
      'another node with the same router id and priority 254 holds the role, or an interface is down',
    );
  }

  async lower(): Promise<void> {
    this.#announcer.stop();
    if (this.#state === 'master') {
      this.#stand('withdrawn');
      const after = WITHDRAWN_INTERVALS * this.#move.advertiseEvery;
      this.#return = setTimeout(() => this.#stand('released'), after);
    } else if (this.#standing === 'claiming') this.#stand('candidate');
    if (await this.#within(2000, () => this.#has('none'))) return;
    throw new GatewayError('keepalived did not take the addresses down');
  }

  announce = (): Promise<void> => this.#announcer.announce();

  async close(): Promise<void> {
    this.#announcer.stop();
    clearTimeout(this.#return);
    await this.#daemon?.stop();
    this.#notices?.destroy();
    for (const file of Object.values(this.#files)) rmSync(file, { force: true });
    const lines = this.#own.map(({ device, address }) => addressWords('delete', address, device));
    await ipBatch(lines).catch(() => {}); // the link may be gone, and they with it
    await run('nft', ['-f', '-'], { input: dropQuietText }).catch(() => {});
  }

  /** Sets the priority: keepalived reads the file as soon as it is closed. */
  #stand(standing: Standing): void {
    clearTimeout(this.#return);
    this.#standing = standing;
    writeFileSync(this.#files.claim, claimText(standing, this.#move));
  }

  /** Opened for both, so that there is no end of file when keepalived ends. */
  async #listen(): Promise<void> {
    if (!existsSync(this.#files.fifo)) await run('mkfifo', ['-m', '600', this.#files.fifo]);
    const descriptor = openSync(this.#files.fifo, constants.O_RDWR | constants.O_NONBLOCK);
    this.#notices = new Socket({ fd: descriptor, readable: true, writable: false });
    createInterface({ input: this.#notices }).on('line', (line) => this.#hear(line));
  }

  #hear(line: string): void {
    const state = parseNotice(line);
    if (state === null || state === this.#state) return;
    this.#state = state;
    if (state === 'master') this.#becomeMaster();
    // Else the lowest of candidates stays what it is, and so does a claim that is not heard yet.
    if (state === 'backup' && this.#standing === 'holding') this.#stand('candidate');
    if (state === 'fault' && this.#standing === 'withdrawn') return; // its own doing
    this.#onVrrp(state);
  }

  #becomeMaster(): void {
    const isClaimed = this.#standing === 'claiming';
    this.#stand(isClaimed || !this.#move.preempt ? 'holding' : 'candidate');
    for (const side of SIDES)
      for (const address of this.#context.config[side].addresses)
        this.#context.journal.write({ event: 'address-up', address: hostOf(address) });
  }

  async #has(what: 'all' | 'none'): Promise<boolean> {
    const links = await readLinks();
    return SIDES.every((side) => {
      const { interface: device, addresses } = this.#context.config[side];
      return addresses.every((address) => hasAddress(links, device, address) === (what === 'all'));
    });
  }

  async #within(limit: number, holds: () => Promise<boolean>): Promise<boolean> {
    for (const until = performance.now() + limit; performance.now() < until; await sleep(LOOK_EVERY))
      if (await holds()) return true;
    return false;
  }
}
