/** Java's own HttpClient (java.net.http), and OkHttp. */
import { type Client, type Source, whole } from './client.ts';

const JDK = 'https://docs.oracle.com/en/java/javase/21/docs/api/java.net.http/java/net/http';
const okhttp = (page: string): Source => ({
  title: `OkHttp API, OkHttpClient.Builder, ${page}`,
  url: `https://square.github.io/okhttp/5.x/okhttp/okhttp3/-ok-http-client/-builder/${page}.html`,
});

export const javaHttp: Client = {
  id: 'java',
  title: 'Java HttpClient (java.net.http)',
  version: '17 to 25',
  timers: [
    {
      name: 'HttpRequest.timeout',
      measures: 'total',
      firesAfter: null,
      byDefault: 'none: waits for ever',
      bounds: true,
      set: whole((seconds) => `HttpRequest.newBuilder().timeout(Duration.ofSeconds(${seconds}))`),
      source: {
        title: 'Java SE API, HttpRequest.Builder.timeout',
        url: `${JDK}/HttpRequest.Builder.html#timeout(java.time.Duration)`,
      },
    },
    {
      name: 'HttpClient.connectTimeout',
      measures: 'connect',
      firesAfter: null,
      byDefault: "none but the system's",
      bounds: true,
      set: whole((seconds) => `HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(${seconds}))`),
      source: {
        title: 'Java SE API, HttpClient.Builder.connectTimeout',
        url: `${JDK}/HttpClient.Builder.html#connectTimeout(java.time.Duration)`,
      },
    },
  ],
  retry: {
    byDefault: 'none for what timed out',
    set: ({ attempts }) => `a loop of ${attempts} tries around client.send`,
    source: { title: 'Java SE API, HttpClient', url: `${JDK}/HttpClient.html` },
  },
  notes: [
    'Where JDK-8208693 is not in, HttpRequest.timeout ends with the headers: a body that stops needs a watch of its own.',
  ],
};

export const okHttp: Client = {
  id: 'okhttp',
  title: 'OkHttp',
  version: '4.12 to 5.x',
  timers: [
    {
      name: 'readTimeout',
      measures: 'idle',
      firesAfter: 10,
      byDefault: '10 s',
      bounds: true,
      set: whole((seconds) => `.readTimeout(${seconds}, SECONDS)`),
      source: okhttp('read-timeout'),
    },
    {
      name: 'writeTimeout',
      measures: 'send',
      firesAfter: 10,
      byDefault: '10 s',
      bounds: false,
      set: whole((seconds) => `.writeTimeout(${seconds}, SECONDS)`),
      source: okhttp('write-timeout'),
    },
    {
      name: 'callTimeout',
      measures: 'total',
      firesAfter: null,
      byDefault: '0: none',
      bounds: false,
      set: whole((seconds) => `.callTimeout(${seconds}, SECONDS)`),
      source: okhttp('call-timeout'),
    },
    {
      name: 'connectTimeout',
      measures: 'connect',
      firesAfter: 10,
      byDefault: '10 s',
      bounds: true,
      set: whole((seconds) => `.connectTimeout(${seconds}, SECONDS)`),
      source: okhttp('connect-timeout'),
    },
  ],
  retry: {
    byDefault:
      'connections that fail before the request was sent (retryOnConnectionFailure); none after a timeout',
    set: ({ attempts }) => `an interceptor that tries ${attempts} times`,
    source: okhttp('retry-on-connection-failure'),
  },
  notes: ['HTTP/2 connections can be probed with pingInterval, which is off by default.'],
};
