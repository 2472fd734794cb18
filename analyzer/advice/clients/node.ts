/**
 * Node's http (and what is built on it, such as axios), and its fetch, which is undici.
 * The trap: an agent that keeps connections asks the kernel for probes, and libuv fixes how many and how far apart: ten, a
 * second apart. With the 1 s before the first one, such a client gives up after 11 s without having set any timeout.
 */
import { type Client, type Setting, type Source, whole } from './client.ts';

const AGENT: Source = {
  title: 'Node.js documentation, HTTP, new Agent (keepAlive, keepAliveMsecs)',
  url: 'https://nodejs.org/api/http.html#new-agentoptions',
};
const REQUEST: Source = {
  title: 'Node.js documentation, HTTP, http.request (timeout)',
  url: 'https://nodejs.org/api/http.html#httprequesturl-options-callback',
};
const UNDICI: Source = {
  title: 'Undici documentation, Client, Parameter: ClientOptions',
  url: 'https://undici.nodejs.org/#/docs/api/Client.md',
};
/** s: ten probes, one a second (libuv documentation, uv_tcp_keepalive). */
const PROBING = 10;

const afterDelay =
  (write: (ms: number) => string) =>
  (seconds: number): Setting => {
    const delay = Math.max(1, Math.ceil(seconds) - PROBING);
    return {
      text: write(delay * 1000),
      firesAfter: delay + PROBING,
      firstProbe: delay,
      lastProbe: delay + PROBING - 1,
    };
  };

export const nodeHttp: Client = {
  id: 'node-http',
  title: 'Node.js http, axios',
  version: '20 to 24',
  timers: [
    {
      name: 'Agent keepAliveMsecs',
      measures: 'keepalive',
      firesAfter: 1 + PROBING,
      firstProbe: 1,
      lastProbe: PROBING,
      byDefault: 'first probe after 1 s, then every second, 10 without an answer',
      bounds: true,
      set: afterDelay((ms) => `new Agent({ keepAlive: true, keepAliveMsecs: ${ms} })`),
      source: AGENT,
    },
    {
      name: 'timeout',
      measures: 'idle',
      firesAfter: null,
      byDefault: "none; it only emits 'timeout', the program has to destroy the request",
      bounds: true,
      set: whole((seconds) => `http.request(url, { timeout: ${seconds}000 })`),
      source: REQUEST,
    },
    {
      name: 'AbortSignal.timeout',
      measures: 'total',
      firesAfter: null,
      byDefault: 'none',
      bounds: false,
      set: whole((seconds) => `signal: AbortSignal.timeout(${seconds}000)`),
      source: REQUEST,
    },
    {
      name: 'connecting',
      measures: 'connect',
      firesAfter: null,
      byDefault: "none but the system's; timeout counts here too",
      bounds: false,
      set: null,
      source: REQUEST,
    },
  ],
  retry: {
    byDefault: 'none',
    set: ({ attempts }) => `a loop of ${attempts} tries`,
    source: REQUEST,
  },
  notes: [
    'With keepAlive: false there are no probes, and it waits for ever.',
    'The probes are sent only while nothing of its own is unacknowledged, so they end downloads, not uploads.',
    'libuv fixes the ten probes (its documentation, uv_tcp_keepalive).',
  ],
};

export const nodeFetch: Client = {
  id: 'node-fetch',
  title: 'Node.js fetch (undici)',
  version: '20 to 24',
  timers: [
    {
      name: 'bodyTimeout',
      measures: 'idle',
      firesAfter: 300,
      byDefault: '300 s',
      bounds: true,
      set: whole((seconds) => `bodyTimeout: ${seconds}000`),
      source: UNDICI,
    },
    {
      name: 'headersTimeout',
      measures: 'idle',
      firesAfter: 300,
      byDefault: '300 s',
      bounds: true,
      set: whole((seconds) => `headersTimeout: ${seconds}000`),
      source: UNDICI,
    },
    {
      name: 'keepAliveInitialDelay',
      measures: 'keepalive',
      firesAfter: 60 + PROBING,
      firstProbe: 60,
      lastProbe: 59 + PROBING,
      byDefault: 'first probe after 60 s, then every second, 10 without an answer',
      bounds: false,
      set: afterDelay((ms) => `connect: { keepAliveInitialDelay: ${ms} }`),
      source: UNDICI,
    },
    {
      name: 'connect.timeout',
      measures: 'connect',
      firesAfter: 10,
      byDefault: '10 s',
      bounds: true,
      set: whole((seconds) => `connect: { timeout: ${seconds}000 }`),
      source: UNDICI,
    },
  ],
  retry: {
    byDefault: 'none',
    set: ({ attempts }) =>
      `new RetryAgent(agent, { maxRetries: ${attempts - 1}, errorCodes: [… 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'] })`,
    source: {
      title: 'Undici documentation, RetryHandler',
      url: 'https://undici.nodejs.org/#/docs/api/RetryHandler.md',
    },
  },
  notes: [
    'The settings go to new Agent({ … }), given to fetch as dispatcher, or to all by setGlobalDispatcher.',
    'What RetryAgent tries again by default leaves out timeouts: name their codes.',
  ],
};
