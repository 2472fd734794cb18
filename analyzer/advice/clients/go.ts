/** Go's net/http, as `http.DefaultClient` has it. */
import { type Client, probes, type Source, whole } from './client.ts';

const TRANSPORT: Source = {
  title: 'Go source, net/http, DefaultTransport',
  url: 'https://go.dev/src/net/http/transport.go',
};
const CLIENT: Source = {
  title: 'Go source, net/http, Client.Timeout',
  url: 'https://go.dev/src/net/http/client.go',
};

export const goHttp: Client = {
  id: 'go',
  title: 'Go net/http',
  version: '1.23',
  timers: [
    {
      name: 'Client.Timeout',
      measures: 'total',
      firesAfter: null,
      byDefault: '0: none',
      bounds: true,
      set: whole((seconds) => `http.Client{Timeout: ${seconds} * time.Second}`),
      source: CLIENT,
    },
    {
      name: 'Dialer.KeepAlive',
      measures: 'keepalive',
      firesAfter: 300,
      firstProbe: 30,
      lastProbe: 270,
      byDefault: 'first probe after 30 s, then every 30 s, 9 without an answer',
      bounds: false,
      set: probes(9, (each) => `net.Dialer{KeepAlive: ${each} * time.Second}`),
      source: TRANSPORT,
    },
    {
      name: 'Dialer.Timeout',
      measures: 'connect',
      firesAfter: 30,
      byDefault: '30 s',
      bounds: true,
      set: whole((seconds) => `net.Dialer{Timeout: ${seconds} * time.Second}`),
      source: TRANSPORT,
    },
  ],
  retry: {
    byDefault: 'only an idempotent request on a pooled connection that failed before any answer',
    set: ({ attempts }) => `a loop of ${attempts} tries around client.Do`,
    source: TRANSPORT,
  },
  notes: [
    'Client.Timeout includes the body: for long downloads cancel a context when no byte came for so long instead.',
    'HTTP/2 has http2.Transport.ReadIdleTimeout, which is off by default.',
  ],
};
