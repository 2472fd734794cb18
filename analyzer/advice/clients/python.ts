/** Python's requests (and urllib3 below it), and httpx. */
import { type Client, type Source, whole } from './client.ts';

const REQUESTS: Source = {
  title: 'Requests documentation, Advanced Usage, Timeouts',
  url: 'https://requests.readthedocs.io/en/latest/user/advanced/#timeouts',
};
const HTTPX: Source = {
  title: 'HTTPX documentation, Timeouts',
  url: 'https://www.python-httpx.org/advanced/timeouts/',
};

export const requests: Client = {
  id: 'requests',
  title: 'Python requests',
  version: '2.32, with urllib3 2',
  timers: [
    {
      name: 'timeout (read)',
      measures: 'idle',
      firesAfter: null,
      byDefault: 'None: waits for ever',
      bounds: true,
      set: whole((seconds) => `timeout=(…, ${seconds})`),
      source: REQUESTS,
    },
    {
      name: 'timeout (connect)',
      measures: 'connect',
      firesAfter: null,
      byDefault: "None: the system's",
      bounds: true,
      set: whole((seconds) => `timeout=(${seconds}, …)`),
      source: REQUESTS,
    },
  ],
  retry: {
    byDefault: 'none (max_retries=0)',
    set: ({ attempts }) =>
      `session.mount('https://', HTTPAdapter(max_retries=Retry(${attempts - 1}, backoff_factor=1)))`,
    source: {
      title: 'Requests documentation, Developer Interface, HTTPAdapter',
      url: 'https://requests.readthedocs.io/en/latest/api/#requests.adapters.HTTPAdapter',
    },
  },
  notes: [
    'There is no limit for a whole request: a server that sends a byte now and then keeps it for ever.',
    'With stream=True, what fails while the body is read is not tried again by the adapter.',
  ],
};

export const httpx: Client = {
  id: 'httpx',
  title: 'Python HTTPX',
  version: '0.28',
  timers: [
    {
      name: 'Timeout(read)',
      measures: 'idle',
      firesAfter: 5,
      byDefault: '5 s',
      bounds: true,
      set: whole((seconds) => `httpx.Timeout(${seconds}, connect=…)`),
      source: HTTPX,
    },
    {
      name: 'Timeout(write)',
      measures: 'send',
      firesAfter: 5,
      byDefault: '5 s',
      bounds: false,
      set: whole((seconds) => `httpx.Timeout(write=${seconds}, …)`),
      source: HTTPX,
    },
    {
      name: 'Timeout(connect)',
      measures: 'connect',
      firesAfter: 5,
      byDefault: '5 s',
      bounds: true,
      set: whole((seconds) => `httpx.Timeout(…, connect=${seconds})`),
      source: HTTPX,
    },
  ],
  retry: {
    byDefault: 'none',
    set: ({ attempts }) =>
      `a loop of ${attempts} tries; HTTPTransport(retries=…) tries only to connect again`,
    source: {
      title: 'HTTPX documentation, Transports',
      url: 'https://www.python-httpx.org/advanced/transports/',
    },
  },
  notes: [],
};
