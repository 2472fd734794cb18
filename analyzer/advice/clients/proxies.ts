/**
 * nginx and HAProxy, which are both: clients of what is behind them, and servers that give up on whoever reads too slowly.
 * The trap: a server's send_timeout ends a download that its client would have waited for, and the client hears nothing.
 */
import { type Client, type Measures, type Source, type Timer, whole } from './client.ts';

const SERVER = { end: 'server' } as const;

const nginxPage = (module: string, directive: string): Source => ({
  title: `nginx documentation, ${module}, ${directive}`,
  url: `https://nginx.org/en/docs/http/${module}.html#${directive}`,
});

const nginxTimer = (
  module: string,
  name: string,
  measures: Measures,
  bounds: boolean,
  end: Pick<Timer, 'end'> = {},
): Timer => ({
  name,
  measures,
  ...end,
  firesAfter: 60,
  byDefault: '60 s',
  bounds,
  set: whole((seconds) => `${name} ${seconds}s;`),
  source: nginxPage(module, name),
});

export const nginx: Client = {
  id: 'nginx',
  title: 'nginx, as a server and as a proxy',
  version: '1.22 to 1.28',
  timers: [
    nginxTimer('ngx_http_proxy_module', 'proxy_read_timeout', 'idle', true),
    nginxTimer('ngx_http_proxy_module', 'proxy_send_timeout', 'send', false),
    nginxTimer('ngx_http_core_module', 'send_timeout', 'send', true, SERVER),
    nginxTimer('ngx_http_core_module', 'client_body_timeout', 'idle', false, SERVER),
    nginxTimer('ngx_http_proxy_module', 'proxy_connect_timeout', 'connect', true),
  ],
  retry: {
    byDefault: 'the next server, on an error or a timeout, and not of a POST',
    set: ({ attempts, seconds }) =>
      `proxy_next_upstream_tries ${attempts}; proxy_next_upstream_timeout ${seconds}s;`,
    source: nginxPage('ngx_http_proxy_module', 'proxy_next_upstream'),
  },
  notes: [
    'Connecting cannot take longer than 75 s, says its documentation.',
    'With reset_timedout_connection on, a client that is given up is told by a reset, if it can be reached by then.',
  ],
};

const HAPROXY = 'https://docs.haproxy.org/2.8/configuration.html#4.2';
/** Of whoever is expected to acknowledge or to send data, says its manual. */
const EITHER_WAY = { alsoSends: true } as const;
const haproxyTimer = (
  name: string,
  measures: Measures,
  end: Pick<Timer, 'end' | 'alsoSends'> = {},
): Timer => ({
  name,
  measures,
  ...end,
  firesAfter: null,
  byDefault: 'infinite, with a warning at the start',
  bounds: true,
  set: whole((seconds) => `${name} ${seconds}s`),
  source: {
    title: `HAProxy 2.8 configuration manual, ${name}`,
    url: `${HAPROXY}-${name.replace(' ', '%20')}`,
  },
});

export const haproxy: Client = {
  id: 'haproxy',
  title: 'HAProxy',
  version: '2.6 to 3.0',
  timers: [
    haproxyTimer('timeout server', 'idle', EITHER_WAY),
    haproxyTimer('timeout client', 'idle', { ...SERVER, ...EITHER_WAY }),
    haproxyTimer('timeout connect', 'connect'),
  ],
  retry: {
    byDefault: '3 more tries to connect, the last at another server with option redispatch',
    set: ({ attempts }) => `retries ${attempts - 1}`,
    source: { title: 'HAProxy 2.8 configuration manual, retries', url: `${HAPROXY}-retries` },
  },
  notes: [
    'Configurations that distributions ship set timeout client and timeout server, often to 50 s or 1 min.',
  ],
};
