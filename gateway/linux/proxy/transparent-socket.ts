/**
 * Sockets that Node has no call for, by the C library through koffi: `IP_TRANSPARENT` to listen for connections to any
 * address and to connect with an address that is not ours, `SO_MARK` to be known to the rules (ip(7), ipv6(7), socket(7)).
 * The trap: Node takes a descriptor over and reads from it at once, which an unconnected socket answers by an error:
 * hence `manualStart`.
 */
import { Socket } from 'node:net';
import { GatewayError } from '../forwarder.ts';
import { type Family, RELAY_MARK } from './rules.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_LINGER = 13;
const SO_MARK = 36;
const SOL_IP = 0;
const IP_TRANSPARENT = 19;
/** The port is chosen when it is known whereto: else ports run out at 28,000 connections to all servers together. */
const IP_BIND_ADDRESS_NO_PORT = 24;
const SOL_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_TRANSPARENT = 75;

export interface SocketCalls {
  /** A bound descriptor for `net.Server.listen({ fd })`. @throws GatewayError */
  listener(family: Family, port: number): number;
  /** A socket with this source address, to be connected; `foreign`: the address need not be ours. @throws GatewayError */
  outgoing(family: Family, source: string, foreign: boolean): Socket;
  /**
   * Closes at once, by a reset if the other end may still expect something. Not `resetAndDestroy`: that waits for what
   * is to be written, and sends a FIN first, so that a download that was cut off looks complete.
   */
  reset(socket: Socket): void;
}

/** @throws GatewayError where koffi is not installed */
export async function loadSocketCalls(): Promise<SocketCalls> {
  const { default: koffi } = await import('koffi').catch((error: unknown) => {
    throw new GatewayError('the package koffi is not installed', 'npm install koffi', { cause: error });
  });
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int, int, int)');
  const setsockopt = libc.func('int setsockopt(int, int, int, const void*, uint32_t)');
  const bind = libc.func('int bind(int, const void*, uint32_t)');
  const close = libc.func('int close(int)');
  const strerror = libc.func('const char* strerror(int)');
  const inetPton = libc.func('int inet_pton(int, const char*, _Out_ void*)');

  const check = (result: number, what: string, hint = ''): number => {
    if (result >= 0) return result;
    throw new GatewayError(`${what}: ${strerror(koffi.errno())}`, hint);
  };
  const set = (fd: number, level: number, option: number, value: number, name: string): void => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    check(setsockopt(fd, level, option, bytes, 4), name, 'run it as root (CAP_NET_ADMIN)');
  };
  const sockaddr = (family: Family, address: string, port: number): Buffer => {
    const bytes = Buffer.alloc(family === 4 ? 16 : 28);
    bytes.writeUInt16LE(family === 4 ? AF_INET : AF_INET6, 0);
    bytes.writeUInt16BE(port, 2);
    inetPton(family === 4 ? AF_INET : AF_INET6, address, bytes.subarray(family === 4 ? 4 : 8));
    return bytes;
  };
  const open = (family: Family, prepare: (fd: number) => void): number => {
    const domain = family === 4 ? AF_INET : AF_INET6;
    const fd: number = check(socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket');
    try {
      set(fd, SOL_SOCKET, SO_MARK, RELAY_MARK, 'SO_MARK');
      prepare(fd);
    } catch (error) {
      close(fd);
      throw error;
    }
    return fd;
  };
  const setTransparent = (fd: number, family: Family): void =>
    family === 4
      ? set(fd, SOL_IP, IP_TRANSPARENT, 1, 'IP_TRANSPARENT')
      : set(fd, SOL_IPV6, IPV6_TRANSPARENT, 1, 'IPV6_TRANSPARENT');
  const bindTo = (fd: number, family: Family, address: string, port: number, hint: string): void => {
    const bytes = sockaddr(family, address, port);
    check(bind(fd, bytes, bytes.length), `bind to ${address} port ${port}`, hint);
  };
  return {
    listener: (family, port) =>
      open(family, (fd) => {
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1, 'SO_REUSEADDR');
        if (family === 6) set(fd, SOL_IPV6, IPV6_V6ONLY, 1, 'IPV6_V6ONLY');
        setTransparent(fd, family);
        bindTo(fd, family, family === 4 ? '0.0.0.0' : '::', port, 'choose another forwarding.port');
      }),
    outgoing: (family, source, foreign) => {
      const fd = open(family, (own) => {
        if (foreign) setTransparent(own, family);
        set(own, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1, 'IP_BIND_ADDRESS_NO_PORT');
        bindTo(own, family, source, 0, 'is the outside address up?');
      });
      const options = { fd, allowHalfOpen: true, manualStart: true };
      return new Socket(options);
    },
    reset: (socket) => {
      const fd = descriptorOf(socket);
      if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_LINGER, AT_ONCE, AT_ONCE.length);
      socket.destroy();
    },
  };
}

/** `struct linger`: on, 0 s. */
const AT_ONCE = Buffer.from(new Int32Array([1, 0]).buffer);

/** Node tells it nowhere else; -1 once it is closed. */
function descriptorOf(socket: Socket): number {
  const { _handle } = socket as unknown as { readonly _handle: { readonly fd: number } | null };
  return _handle?.fd ?? -1;
}
