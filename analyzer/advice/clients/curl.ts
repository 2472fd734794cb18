/** curl, and libcurl with the same defaults under other names. */
import { type Client, probes, type Source, whole } from './client.ts';

const page = (section: string): Source => ({
  title: `curl manual page, ${section}`,
  url: `https://curl.se/docs/manpage.html#${section}`,
});

/** s. The speed is an average over the last 5 s, looked at every second: it is zero only so long after the last byte. */
const AVERAGED = { least: 5, usual: 6 };

export const curl: Client = {
  id: 'curl',
  title: 'curl',
  version: '7.88 to 8.17',
  timers: [
    {
      name: '--speed-time',
      measures: 'idle',
      firesAfter: null,
      byDefault: 'none',
      bounds: true,
      alsoSends: true,
      set(seconds) {
        const value = Math.max(1, Math.ceil(seconds) - AVERAGED.least);
        return { text: `--speed-limit 1 --speed-time ${value}`, firesAfter: value + AVERAGED.usual };
      },
      source: page('--speed-time'),
    },
    {
      name: '--max-time',
      measures: 'total',
      firesAfter: null,
      byDefault: 'none',
      bounds: false,
      set: whole((seconds) => `--max-time ${seconds}`),
      source: page('--max-time'),
    },
    {
      name: '--keepalive-time',
      measures: 'keepalive',
      firesAfter: 600,
      firstProbe: 60,
      lastProbe: 540,
      byDefault: 'first probe after 60 s, then every 60 s, 9 without an answer',
      bounds: false,
      set: probes(9, (each) => `--keepalive-time ${each}`),
      source: page('--keepalive-time'),
    },
    {
      name: '--connect-timeout',
      measures: 'connect',
      firesAfter: 300,
      byDefault: '300 s, names and TLS included',
      bounds: true,
      set: whole((seconds) => `--connect-timeout ${seconds}`),
      source: {
        title: 'libcurl, CURLOPT_CONNECTTIMEOUT, default',
        url: 'https://curl.se/libcurl/c/CURLOPT_CONNECTTIMEOUT.html',
      },
    },
  ],
  retry: {
    byDefault: 'none',
    set: ({ attempts, seconds }) => `--retry ${attempts - 1} --retry-max-time ${seconds} --retry-all-errors`,
    source: page('--retry'),
  },
  notes: [
    '--speed-time fires 6 s after the number that it is given, because the speed is an average.',
    '--retry begins a download anew; a loop around curl -C - takes up the rest.',
    'Without --retry-all-errors a reset is final.',
  ],
};
