/** GNU Wget. */
import { type Client, type Source, whole } from './client.ts';

const MANUAL: Source = {
  title: 'GNU Wget manual, 2.5 Download Options',
  url: 'https://www.gnu.org/software/wget/manual/html_node/Download-Options.html',
};

export const wget: Client = {
  id: 'wget',
  title: 'GNU Wget',
  version: '1.21',
  timers: [
    {
      name: '--read-timeout',
      measures: 'idle',
      firesAfter: 900,
      byDefault: '900 s',
      bounds: true,
      set: whole((seconds) => `--read-timeout=${seconds}`),
      source: MANUAL,
    },
    {
      name: '--connect-timeout',
      measures: 'connect',
      firesAfter: null,
      byDefault: "none but the system's",
      bounds: true,
      set: whole((seconds) => `--connect-timeout=${seconds}`),
      source: MANUAL,
    },
  ],
  retry: {
    byDefault: '20 tries, 1, 2, 3, … up to 10 s apart; asks for the rest of the file (Range)',
    set: ({ attempts }) => `--tries=${Math.max(20, attempts)} --waitretry=5 --retry-connrefused`,
    source: MANUAL,
  },
  notes: ['It sends no keep-alive probes: nothing but --read-timeout ends a download whose server is gone.'],
};
