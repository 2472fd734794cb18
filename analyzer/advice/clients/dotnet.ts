/** .NET's HttpClient with its usual handler, SocketsHttpHandler. */
import { type Client, type Source, whole } from './client.ts';

const api = (name: string): Source => ({
  title: `.NET API, ${name}`,
  url: `https://learn.microsoft.com/dotnet/api/system.net.http.${name.toLowerCase()}`,
});

export const dotnet: Client = {
  id: 'dotnet',
  title: '.NET HttpClient',
  version: '6 to 9',
  timers: [
    {
      name: 'HttpClient.Timeout',
      measures: 'total',
      firesAfter: 100,
      byDefault: '100 s; with ResponseHeadersRead it ends with the headers',
      bounds: true,
      set: whole((seconds) => `client.Timeout = TimeSpan.FromSeconds(${seconds})`),
      source: api('HttpClient.Timeout'),
    },
    {
      name: 'ConnectTimeout',
      measures: 'connect',
      firesAfter: null,
      byDefault: "infinite: the system's",
      bounds: true,
      set: whole((seconds) => `new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(${seconds}) }`),
      source: api('SocketsHttpHandler.ConnectTimeout'),
    },
  ],
  retry: {
    byDefault: 'none',
    set: ({ attempts }) => `a resilience handler with Retry.MaxRetryAttempts = ${attempts - 1}`,
    source: {
      title: '.NET documentation, Build resilient HTTP apps',
      url: 'https://learn.microsoft.com/dotnet/core/resilience/http-resilience',
    },
  },
  notes: [
    'A body that is read as a stream (ResponseHeadersRead) is bounded by nothing: give each read a CancellationToken.',
  ],
};
