/**
 * gRPC. The trap: keepalive_timeout is also set as TCP_USER_TIMEOUT, so a call that sends is ended when its bytes have been
 * unacknowledged for that long, whatever the keepalive time is.
 */
import { type Client, type Source, whole } from './client.ts';

const KEEPALIVE: Source = {
  title: 'gRPC documentation, Keepalive',
  url: 'https://grpc.io/docs/guides/keepalive/',
};
const DEADLINES: Source = {
  title: 'gRPC documentation, Deadlines',
  url: 'https://grpc.io/docs/guides/deadlines/',
};

export const grpc: Client = {
  id: 'grpc',
  title: 'gRPC (core: C++, Python, Ruby, …)',
  version: '1.60 and later',
  timers: [
    {
      name: 'deadline',
      measures: 'total',
      firesAfter: null,
      byDefault: 'none: a call waits for ever',
      bounds: true,
      set: whole((seconds) => `deadline of ${seconds} s`),
      source: DEADLINES,
    },
    {
      name: 'keepalive_time',
      measures: 'keepalive',
      firesAfter: null,
      byDefault: 'off (INT_MAX ms); keepalive_timeout 20 s',
      bounds: true,
      set(seconds) {
        const idle = seconds > 30 ? 30 : 10;
        const timeout = Math.ceil(seconds);
        return {
          text: `keepalive_time_ms=${idle}000 keepalive_timeout_ms=${timeout}000`,
          firesAfter: idle + timeout,
        };
      },
      source: KEEPALIVE,
    },
    {
      name: 'connecting',
      measures: 'connect',
      firesAfter: 20,
      byDefault: '20 s an attempt (min_connect_timeout), tried again with a back-off of 1 to 120 s',
      bounds: false,
      set: null,
      source: {
        title: 'gRPC, Connection Backoff Protocol',
        url: 'https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md',
      },
    },
  ],
  retry: {
    byDefault: 'transparent, only where the server has not begun with the call',
    set: ({ attempts }) =>
      `retryPolicy with maxAttempts ${Math.min(5, attempts)} (5 at most) and wait_for_ready on each call`,
    source: { title: 'gRPC documentation, Retry', url: 'https://grpc.io/docs/guides/retry/' },
  },
  notes: [
    'A server ends connections that ping more often than it permits (5 min without data): set it there as well.',
    'keepalive_timeout is also the TCP_USER_TIMEOUT of the connection, for what it sends (gRPC proposal A18).',
  ],
};
