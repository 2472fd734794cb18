/**
 * Sends numbered TCP segments on an interface at a steady rate, and prints how many it sent: a program of its own, so that it can
 * be in a namespace. Given: interface, packets a second, seconds, bytes of a packet.
 * The trap: a call of the system for each packet is more work than the packet; sendmmsg(2) takes 64, from memory that is filled
 * once.
 */
import koffi from 'koffi';

const [device = '', rate = '100000', seconds = '20', size = '200'] = process.argv.slice(2);

const AF_PACKET = 17;
const SOCK_RAW = 3;
const BATCH = 64;
const MMSGHDR = 64;
const IOVEC = 16;
const SOCKADDR = 20;
/** Behind Ethernet, IPv4 and TCP. */
const NUMBER_AT = 54;
const length = Math.max(NUMBER_AT + 4, Number(size));

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int, int, int)');
const indexOf = libc.func('int if_nametoindex(const char *)');
const bind = libc.func('int bind(int, const uint8 *, uint32)');
const sendmmsg = libc.func('int sendmmsg(int, void *, uint32, int)');

const memory = koffi.alloc('uint8', BATCH * (MMSGHDR + IOVEC + length));
const start = koffi.address(memory);
const view = new DataView(koffi.view(memory, BATCH * (MMSGHDR + IOVEC + length)));
const framesAt = BATCH * (MMSGHDR + IOVEC);

/** struct mmsghdr, struct iovec and the frame of each. */
function fill(): void {
  for (let i = 0; i < BATCH; i++) {
    const iovec = BATCH * MMSGHDR + i * IOVEC;
    const frame = framesAt + i * length;
    view.setBigUint64(i * MMSGHDR + 16, start + BigInt(iovec), true);
    view.setBigUint64(i * MMSGHDR + 24, 1n, true);
    view.setBigUint64(iovec, start + BigInt(frame), true);
    view.setBigUint64(iovec + 8, BigInt(length), true);
    writeFrame(frame);
  }
}

function writeFrame(at: number): void {
  const bytes = [
    ...[2, 0, 0, 0, 0, 0x0a, 2, 0, 0, 0, 0, 0x0b, 0x08, 0x00],
    ...[
      0x45,
      0,
      (length - 14) >> 8,
      (length - 14) & 0xff,
      0,
      0,
      0x40,
      0,
      64,
      6,
      0,
      0,
      10,
      0,
      0,
      1,
      10,
      0,
      0,
      2,
    ],
    ...[0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0],
  ];
  for (const [i, byte] of bytes.entries()) view.setUint8(at + i, byte);
}

function open(): number {
  const descriptor = socket(AF_PACKET, SOCK_RAW, 0) as number;
  const address = new DataView(new ArrayBuffer(SOCKADDR)); // struct sockaddr_ll
  address.setUint16(0, AF_PACKET, true);
  address.setInt32(4, indexOf(device) as number, true);
  if (bind(descriptor, new Uint8Array(address.buffer), SOCKADDR) !== 0) throw new Error(`no ${device}`);
  return descriptor;
}

fill();
const descriptor = open();
const wanted = Number(rate) * Number(seconds);
const began = performance.now();
const clock = new Int32Array(new SharedArrayBuffer(4));
let sent = 0;
while (sent < wanted) {
  const due = Math.min(wanted, Math.floor(((performance.now() - began) / 1000) * Number(rate)));
  while (sent < due) {
    const count = Math.min(BATCH, due - sent);
    for (let i = 0; i < count; i++) view.setUint32(framesAt + i * length + NUMBER_AT, sent + i);
    // What the interface has no room for now is sent again: the number says how many it took.
    sent += Math.max(0, sendmmsg(descriptor, memory, count, 0) as number);
  }
  Atomics.wait(clock, 0, 0, 1);
}
process.stdout.write(JSON.stringify({ sent, seconds: (performance.now() - began) / 1000 }));
