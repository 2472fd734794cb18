/**
 * Linux itself, for programs that leave it all to the kernel.
 * The trap: tcp_retries2 and tcp_syn_retries are no numbers of tries. The kernel computes how long so many doubled waits would
 * take with the shortest RTO, or with 1 s, and gives up at the first try that comes no earlier than that.
 */
import { type Client, type Setting, type Source, whole } from './client.ts';
import { SENDER_GIVES_UP } from './wait.ts';

const SYSCTL: Source = {
  title: 'Linux kernel documentation, IP sysctl',
  url: 'https://docs.kernel.org/networking/ip-sysctl.html',
};
const MAN: Source = { title: 'tcp(7)', url: 'https://man7.org/linux/man-pages/man7/tcp.7.html' };

/** s after which `tcp_retries2` of `n` gives up at the earliest: 200 ms doubled, at most 120 s each. */
function retriesEnd(n: number): number {
  const doubled = Math.min(n, 9);
  return (2 ** (doubled + 1) - 1) * 0.2 + (n - doubled) * 120;
}

/** s after the first SYN at which it is sent again: four waits of 1 s (`tcp_syn_linear_timeouts`) before they double. */
const SYN_TRIES = [1, 2, 3, 4, 5, 7, 11, 19, 35, 67, 131, 259, 515, 1027];

/** s after which `tcp_syn_retries` of `n` gives up: at the first try that comes no earlier than n doubled waits take. */
const synEnd = (n: number): number =>
  SYN_TRIES.find((at) => at >= 2 ** (n + 1) - 1) ?? Number.POSITIVE_INFINITY;

const leastOf =
  (write: (n: number) => string, end: (n: number) => number) =>
  (seconds: number): Setting => {
    let n = 1;
    while (end(n) < seconds) n++;
    return { text: write(n), firesAfter: end(n) };
  };

export const linux: Client = {
  id: 'linux',
  title: 'Linux, with no timeout of the program',
  version: '6.5 and later; tcp_rto_max_ms since 6.15',
  timers: [
    {
      name: 'tcp_retries2',
      measures: 'unacknowledged',
      end: 'either',
      firesAfter: SENDER_GIVES_UP,
      byDefault: '15: 924.6 s or a little more',
      bounds: false,
      set: leastOf((n) => `net.ipv4.tcp_retries2=${n}`, retriesEnd),
      source: SYSCTL,
    },
    {
      name: 'TCP_USER_TIMEOUT',
      measures: 'unacknowledged',
      end: 'either',
      firesAfter: null,
      byDefault: '0: tcp_retries2 holds',
      bounds: true,
      set: whole((seconds) => `setsockopt(TCP_USER_TIMEOUT, ${seconds}000)`),
      source: MAN,
    },
    {
      name: 'SO_KEEPALIVE',
      measures: 'keepalive',
      end: 'either',
      firesAfter: null,
      byDefault: 'off; where a program turns it on: after 7200 s, then every 75 s, 9 without an answer',
      bounds: true,
      set(seconds) {
        const each = Math.max(1, Math.ceil(seconds / 4));
        return {
          text: `SO_KEEPALIVE, TCP_KEEPIDLE ${each}, TCP_KEEPINTVL ${each}, TCP_KEEPCNT 3`,
          firesAfter: 4 * each,
          firstProbe: each,
          lastProbe: 3 * each,
        };
      },
      source: MAN,
    },
    {
      name: 'tcp_syn_retries',
      measures: 'connect',
      firesAfter: synEnd(6),
      byDefault: '6: 131 s, or 127 s before 6.5',
      bounds: true,
      set: leastOf((n) => `net.ipv4.tcp_syn_retries=${n}`, synEnd),
      source: SYSCTL,
    },
  ],
  retry: {
    byDefault: 'none: it is for the program',
    set: ({ attempts }) => `a loop of ${attempts} tries in the program`,
    source: MAN,
  },
  notes: [
    'net.ipv4.tcp_rto_max_ms=3000 at the sender lets it go on within 3.4 s after the path is back, whatever the outage was; it shortens what tcp_retries2 stands for, so raise that with it.',
    'A program that only reads is told nothing by tcp_retries2 and TCP_USER_TIMEOUT; it needs probes or a timeout.',
  ],
};
