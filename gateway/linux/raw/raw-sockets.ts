/**
 * Packets and frames as they are written, sent by sockets that Node has no call for (packet(7),
 * raw(7), ipv6(7)); the C library is called through koffi. They belong to the network namespace in
 * which they were opened.
 * The trap: a raw IPv6 socket of IPPROTO_RAW takes the header as given, a raw IPv4 socket fills in
 * the checksum (and the identification where it is 0), and neither needs the source address to be this node's.
 */
import { parseAddress } from '../../../packet/address.ts';
import { GatewayError } from '../forwarder.ts';

export interface RawSockets {
  /** Sends a whole IP packet by the routing table. Null, or why the kernel refused. */
  sendPacket(destination: string, packet: Uint8Array): string | null;
  /** Sends a whole Ethernet frame out of an interface, which is found by name the first time. Null, or why the kernel refused. */
  sendFrame(device: string, frame: Uint8Array): string | null;
  close(): void;
}

const AF_INET = 2;
const AF_INET6 = 10;
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_RAW = 255;
const SOL_SOCKET = 1;
const SO_MARK = 36;

/** The firewall mark of every packet sent here, so that rules can tell them from all others. */
export const RAW_MARK = 0x57a1_1000;

/** @throws GatewayError where koffi is not installed or the process may not open raw sockets */
export async function openRawSockets(): Promise<RawSockets> {
  const libc = await loadLibc();
  const open: number[] = [];
  const close = (): void => {
    for (const descriptor of open.splice(0)) libc.close(descriptor);
  };
  const socket = (family: number, protocol: number): number => {
    const descriptor = libc.socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (descriptor < 0) {
      const why = libc.lastError();
      close();
      throw new GatewayError(`cannot open a raw socket: ${why}`, 'run as root');
    }
    open.push(descriptor);
    return descriptor;
  };
  const ipv4 = socket(AF_INET, IPPROTO_RAW);
  const ipv6 = socket(AF_INET6, IPPROTO_RAW);
  const link = socket(AF_PACKET, 0); // protocol 0: receives nothing
  const mark = new Uint8Array(new Uint32Array([RAW_MARK]).buffer);
  for (const descriptor of open) libc.setsockopt(descriptor, SOL_SOCKET, SO_MARK, mark, mark.length);
  const indices = new Map<string, number>();
  const send = (descriptor: number, bytes: Uint8Array, to: Uint8Array): string | null =>
    libc.sendto(descriptor, bytes, bytes.length, 0, to, to.length) < 0 ? libc.lastError() : null;
  return {
    sendPacket: (destination, packet) => {
      const { family, bytes } = socketAddress(destination);
      return send(family === AF_INET ? ipv4 : ipv6, packet, bytes);
    },
    sendFrame: (device, frame) => {
      const index = indices.get(device) ?? libc.if_nametoindex(device);
      if (index === 0) return libc.lastError();
      indices.set(device, index);
      return send(link, frame, linkAddress(index));
    },
    close,
  };
}

/** `struct sockaddr_in` or `sockaddr_in6`. Their port is 0: a raw IPv6 socket refuses another. */
function socketAddress(text: string): { family: number; bytes: Uint8Array } {
  const address = parseAddress(text);
  if (address === null) throw new Error(`not an address: ${text}`);
  const family = address.version === 4 ? AF_INET : AF_INET6;
  const view = new DataView(new ArrayBuffer(address.version === 4 ? 16 : 28));
  view.setUint16(0, family, LITTLE_ENDIAN);
  const at = address.version === 4 ? 4 : 8;
  for (let i = 0; i < (address.version === 4 ? 1 : 4); i++) view.setUint32(at + 4 * i, address.words[i]!);
  return { family, bytes: new Uint8Array(view.buffer) };
}

/** `struct sockaddr_ll` */
function linkAddress(index: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(20));
  view.setUint16(0, AF_PACKET, LITTLE_ENDIAN);
  view.setInt32(4, index, LITTLE_ENDIAN);
  return new Uint8Array(view.buffer);
}

/** The machine's own order, in which the kernel reads these. */
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

interface Libc {
  socket(family: number, type: number, protocol: number): number;
  sendto(
    descriptor: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    to: Uint8Array,
    toLength: number,
  ): number;
  setsockopt(descriptor: number, level: number, option: number, value: Uint8Array, length: number): number;
  close(descriptor: number): number;
  if_nametoindex(name: string): number;
  lastError(): string;
}

async function loadLibc(): Promise<Libc> {
  // Optional in package.json, and native: only who sends raw packets needs it.
  const koffi = await import('koffi').catch((error: unknown) => {
    throw new GatewayError('koffi is not installed', 'npm install koffi', { cause: error });
  });
  const libc = koffi.load('libc.so.6');
  const strerror: (code: number) => string = libc.func('const char *strerror(int)');
  return {
    socket: libc.func('int socket(int, int, int)'),
    sendto: libc.func('int64_t sendto(int, const void *, uint64_t, int, const void *, uint32_t)'),
    setsockopt: libc.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    close: libc.func('int close(int)'),
    if_nametoindex: libc.func('uint32_t if_nametoindex(const char *)'),
    lastError: () => strerror(koffi.errno()),
  };
}
