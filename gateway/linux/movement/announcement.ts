/**
 * Telling the neighbours who has an address now: gratuitous ARP, as a request and as a reply because some
 * systems heed only one of them (RFC 5227, section 3; RFC 5944, section 4.6), and unsolicited neighbour
 * advertisements that override (RFC 4861, section 7.2.6).
 * The trap: a single frame may be lost while the switch still learns the port, so they are repeated.
 */
import { buildArp, buildNeighbour } from '../../../packet/wire/build.ts';
import type { NodeContext } from '../forwarder.ts';
import { GatewayError } from '../forwarder.ts';
import type { RawSockets } from '../raw/raw-sockets.ts';
import { openRawSockets } from '../raw/raw-sockets.ts';
import { readLinks } from './links.ts';
import { hostOf, SIDES } from './side-addresses.ts';

/** After the first time, ms. */
const REPEATS: readonly number[] = [200, 1000];

export interface Announcement {
  readonly device: string;
  /** Without prefix length. */
  readonly address: string;
  readonly frames: readonly Uint8Array[];
}

/** Ethernet frames that say that `mac` has the address. */
export function announcementFrames(address: string, mac: string): Uint8Array[] {
  if (address.includes(':'))
    return [
      buildNeighbour({
        source: address,
        destination: 'ff02::1',
        target: address,
        sourceMac: mac,
        destinationMac: '33:33:00:00:00:01',
        router: true,
      }),
    ];
  const arp = { senderAddress: address, sourceMac: mac };
  return [
    buildArp({ ...arp, operation: 1 }),
    buildArp({ ...arp, operation: 2, targetMac: 'ff:ff:ff:ff:ff:ff' }),
  ];
}

/**
 * Announces all addresses of the sides on which it is allowed, and again 0.2 and 1 s later. Resolves after the
 * first time; `stop` ends the repeats. @throws GatewayError where an interface is missing or a frame cannot be sent
 */
export class Announcer {
  readonly #context: NodeContext;
  #timers: NodeJS.Timeout[] = [];
  #sockets: RawSockets | null = null;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  async announce(): Promise<void> {
    this.stop();
    const announcements = await this.#announcements();
    if (announcements.length === 0) return;
    this.#sockets = await openRawSockets();
    for (const announcement of announcements) {
      const why = send(this.#sockets, announcement);
      const { address, device } = announcement;
      if (why !== null) throw new GatewayError(`cannot announce ${address} on ${device}: ${why}`);
      this.#context.journal.write({ event: 'address-announced', address });
    }
    this.#timers = REPEATS.map((after) => setTimeout(() => this.#repeat(announcements, after), after));
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    this.#sockets?.close();
    this.#sockets = null;
  }

  #repeat(announcements: readonly Announcement[], after: number): void {
    const sockets = this.#sockets;
    if (sockets === null) return;
    // Refused, the interface was taken away meanwhile, and the addresses are another's to announce.
    const isRefused = announcements.some((announcement) => send(sockets, announcement) !== null);
    if (isRefused || after === REPEATS.at(-1)) this.stop();
  }

  async #announcements(): Promise<Announcement[]> {
    const { config } = this.#context;
    const links = await readLinks();
    return SIDES.filter((side) => ['both', side].includes(config.faults.announce)).flatMap((side) => {
      const { interface: device, addresses } = config[side];
      const link = links.find(({ name }) => name === device);
      if (link === undefined) throw new GatewayError(`there is no interface ${device} to announce on`);
      return addresses.map(hostOf).map((address) => ({
        device,
        address,
        frames: announcementFrames(address, link.mac),
      }));
    });
  }
}

/** Null, or why the kernel refused. */
function send(sockets: RawSockets, { device, frames }: Announcement): string | null {
  for (const frame of frames) {
    const why = sockets.sendFrame(device, frame);
    if (why !== null) return why;
  }
  return null;
}
