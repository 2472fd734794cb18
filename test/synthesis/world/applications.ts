/**
 * What clients and servers of the world do: a download, an upload, requests on
 * a pooled connection, and when either side loses patience.
 * The trap: a paced server that cannot send keeps writing until its buffer is
 * full, as nginx does, so after an outage there is more to send than before.
 */
import { millis, type Nanos, seconds } from '../../../packet/time.ts';
import { GET, okHead } from '../messages.ts';
import type { Clockwork } from './clockwork.ts';
import type { Handlers, Talk } from './talk.ts';
import type { TcpEnd } from './tcp-end.ts';

/** How an end leaves: close() or a reset. */
export type Leaving = 'fin' | 'rst';

export interface Pace {
  /** Segments at a time, and how often. Default 2 every 80 ms. */
  readonly burst?: number;
  readonly every?: Nanos;
}

export interface DownloadOptions extends Pace {
  /** Bytes of the body; or how long it takes if nothing is in the way. */
  readonly length?: number;
  readonly lasts?: Nanos;
  readonly think?: Nanos;
  /** The client reads nothing for a while, this long after the first byte. */
  readonly pause?: { readonly after: Nanos; readonly lasts: Nanos };
  /** The client gives up after so long without a byte. */
  readonly patience?: { readonly time: Nanos; readonly leaves: Leaving };
  /** The server closes when nothing of what it wrote has been acknowledged for so long. */
  readonly sendTimeout?: { readonly time: Nanos; readonly leaves: Leaving };
  /** Bytes of a ClientHello: then everything is TLS. */
  readonly hello?: Uint8Array;
  /** What the client does once the connection has ended, complete or not. */
  after?(complete: boolean): void;
}

type Ports = Pick<Talk, 'clientPort' | 'serverPort' | 'ends'>;

const SEND_BUFFER = 90_000;
const TLS_SERVER_FLIGHT = 4_200;
const TLS_CLIENT_FLIGHT = 300;

/** A GET and its long answer. */
export function download(ports: Ports, o: DownloadOptions): Talk {
  return {
    ...ports,
    client: (end, clock) => downloadClient(end, clock, o),
    server: (end, clock) => downloadServer(end, clock, o),
  };
}

const lengthOfBody = (o: DownloadOptions, end: TcpEnd): number =>
  o.length ?? Math.round(((o.lasts ?? seconds(30)) / (o.every ?? millis(80))) * (o.burst ?? 2)) * end.segment;

function downloadClient(end: TcpEnd, clock: Clockwork, o: DownloadOptions): Handlers {
  const expected = o.hello === undefined ? 0 : TLS_SERVER_FLIGHT;
  const patience = waiting(clock, o.patience?.time, () => leave(end, o.patience?.leaves ?? 'fin'));
  let received = 0;
  let whole = Number.POSITIVE_INFINITY;
  let complete = false;
  return {
    connected() {
      end.write(o.hello ?? text(GET));
      patience.restart();
    },
    received(bytes) {
      if (received === 0 && o.hello === undefined) whole = promisedBy(bytes);
      received += bytes.length;
      patience.restart();
      if (received - bytes.length < expected && received >= expected) {
        end.write(tlsRecords(TLS_CLIENT_FLIGHT, 23));
      }
      if (received === bytes.length && o.pause !== undefined) pause(end, clock, o.pause);
      if (received < whole) return;
      complete = true;
      patience.stop();
      clock.after(millis(1), () => end.close());
    },
    finished() {
      patience.stop();
      end.close();
    },
    ended() {
      patience.stop();
      o.after?.(complete);
    },
  };
}

function downloadServer(end: TcpEnd, clock: Clockwork, o: DownloadOptions): Handlers {
  const asked = o.hello === undefined ? GET.length : o.hello.length + TLS_CLIENT_FLIGHT;
  let received = 0;
  return {
    received(bytes) {
      const before = received;
      received += bytes.length;
      const { hello } = o;
      if (hello !== undefined && before < hello.length && received >= hello.length) {
        end.write(tlsRecords(TLS_SERVER_FLIGHT, 22));
      }
      if (before >= asked || received < asked) return;
      clock.after(o.think ?? millis(0.3), () => {
        const body = lengthOfBody(o, end);
        const head = hello === undefined ? text(okHead(body)) : new Uint8Array(0);
        stream(end, clock, o, joined(head, hello === undefined ? filler(body) : tlsRecords(body, 23)));
        if (o.sendTimeout !== undefined) watchSending(end, clock, o.sendTimeout);
      });
    },
    finished: () => end.close(),
  };
}

export interface UploadOptions extends Pace {
  readonly lasts: Nanos;
  readonly patience?: { readonly time: Nanos; readonly leaves: Leaving };
  after?(complete: boolean): void;
}

/** A PUT with a long body and a short answer. */
export function upload(ports: Ports, o: UploadOptions): Talk {
  const sizes = (end: TcpEnd): { head: Uint8Array; body: number } => {
    const body = Math.round((o.lasts / (o.every ?? millis(80))) * (o.burst ?? 2)) * end.segment;
    const head = `PUT /up.bin HTTP/1.1\r\nHost: files.example\r\nContent-Length: ${body}\r\n\r\n`;
    return { head: text(head), body };
  };
  return {
    ...ports,
    client(end, clock) {
      const patience = waiting(clock, o.patience?.time, () => leave(end, o.patience?.leaves ?? 'fin'));
      let complete = false;
      return {
        connected() {
          const { head, body } = sizes(end);
          stream(end, clock, o, joined(head, filler(body)));
          if (o.patience !== undefined) watchSending(end, clock, o.patience);
        },
        received() {
          complete = true;
          end.close();
        },
        finished: () => end.close(),
        ended() {
          patience.stop();
          o.after?.(complete);
        },
      };
    },
    server(end) {
      const { head, body } = sizes(end);
      let missing = head.length + body;
      return {
        received(bytes) {
          missing -= bytes.length;
          if (missing === 0) end.write(text('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n'));
        },
        finished: () => end.close(),
      };
    },
  };
}

export interface RequestsOptions {
  /** When requests are sent, as times of the world; those before the connection is open are sent then. */
  readonly times: readonly Nanos[];
  /** Bytes of each answer's body. Default 600. */
  readonly answer?: number;
  readonly think?: Nanos;
  readonly patience?: { readonly time: Nanos; readonly leaves: Leaving };
  /** False: the connection stays open after the last answer. */
  readonly closes?: boolean;
  after?(complete: boolean): void;
}

/** Short requests on one connection. */
export function requests(ports: Ports, o: RequestsOptions): Talk {
  const answer = (): Uint8Array => joined(text(okHead(o.answer ?? 600)), filler(o.answer ?? 600));
  return {
    ...ports,
    client(end, clock) {
      const patience = waiting(clock, o.patience?.time, () => leave(end, o.patience?.leaves ?? 'fin'));
      let left = o.times.length;
      let missing = 0;
      return {
        connected() {
          for (const time of o.times) {
            clock.at(time, () => {
              if (end.state !== 'established') return;
              missing += answer().length;
              end.write(text(GET));
              patience.restart();
            });
          }
        },
        received(bytes) {
          missing -= bytes.length;
          if (missing > 0) return;
          patience.stop();
          left -= 1;
          if (left === 0 && o.closes !== false) clock.after(millis(2), () => end.close());
        },
        finished: () => end.close(),
        ended() {
          patience.stop();
          o.after?.(left === 0);
        },
      };
    },
    server(end, clock) {
      let received = 0;
      return {
        received(bytes) {
          const before = Math.floor(received / GET.length);
          received += bytes.length;
          for (let i = before; i < Math.floor(received / GET.length); i++) {
            clock.after(o.think ?? millis(0.4), () => end.write(answer()));
          }
        },
        finished: () => end.close(),
      };
    },
  };
}

function leave(end: TcpEnd, how: Leaving): void {
  if (how === 'rst') end.abort();
  else end.close();
}

/** Writes in bursts while the buffer takes them. */
function stream(end: TcpEnd, clock: Clockwork, o: Pace, bytes: Uint8Array): void {
  const step = (o.burst ?? 2) * end.segment;
  let at = 0;
  const write = (): void => {
    if (at >= bytes.length || end.state !== 'established') return;
    if (end.outbound.queued < SEND_BUFFER) {
      end.write(bytes.subarray(at, at + step));
      at += step;
    }
    clock.after(o.every ?? millis(80), write);
  };
  write();
}

/** nginx's send_timeout, and whoever else watches what it has written. */
function watchSending(end: TcpEnd, clock: Clockwork, o: { time: Nanos; leaves: Leaving }): void {
  const look = (): void => {
    if (end.state !== 'established') return;
    const { outbound } = end;
    if (!outbound.isIdle && clock.now - outbound.progressAt >= o.time) {
      leave(end, o.leaves);
      return;
    }
    clock.after(millis(100), look);
  };
  look();
}

function pause(end: TcpEnd, clock: Clockwork, o: { after: Nanos; lasts: Nanos }): void {
  clock.after(o.after, () => {
    end.reads(false);
    clock.after(o.lasts, () => end.reads(true));
  });
}

/** A timer that begins anew with every byte; none where no time is given. */
function waiting(clock: Clockwork, time: Nanos | undefined, over: () => void) {
  let timer = clock.after(0, () => {});
  return {
    restart(): void {
      timer.cancel();
      if (time !== undefined) timer = clock.after(time, over);
    },
    stop(): void {
      timer.cancel();
    },
  };
}

function promisedBy(bytes: Uint8Array): number {
  const head = new TextDecoder().decode(bytes);
  const body = /Content-Length: (\d+)/.exec(head)?.[1];
  return body === undefined ? Number.POSITIVE_INFINITY : head.indexOf('\r\n\r\n') + 4 + Number(body);
}

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const filler = (length: number): Uint8Array => new Uint8Array(length).fill(0x61);

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** TLS records of a type, 16 KiB at most each, `length` bytes in all. */
function tlsRecords(length: number, type: 22 | 23): Uint8Array {
  const all = new Uint8Array(length).fill(0x5c);
  for (let at = 0; at < length; at += 16_389) {
    const body = Math.min(16_384, length - at - 5);
    all.set([type, 3, 3, body >> 8, body & 0xff].slice(0, length - at), at);
  }
  return all;
}
