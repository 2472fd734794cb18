/** Metrics over HTTP, as Prometheus reads them. */
import { describe, expect, it } from 'vitest';
import type { CollectorStatus } from './control-words.ts';
import { metricsText, openMetrics } from './metrics.ts';
import { CollectorError } from './words.ts';

const STATUS: CollectorStatus = {
  pid: 1,
  host: 'h',
  folder: '/f',
  since: '1795345622601000000',
  engine: 'tcpdump 4.99.3',
  snaplen: 256,
  interfaces: [
    {
      vantage: 'node-a.in',
      interface: 'eth0',
      state: 'capturing',
      packets: 7,
      bytes: 700,
      dropped: 1,
      gaps: 2,
    },
    {
      vantage: 'node-a.out',
      interface: 'e"1',
      state: 'waiting',
      packets: 0,
      bytes: 0,
      dropped: null,
      gaps: 1,
    },
  ],
  ring: { files: 3, bytes: 4000, keep: 2e9 },
  pins: { pins: 1, bytes: 500, keep: 4e9 },
  ship: {
    server: 'http://s',
    state: 'connected',
    waitingFiles: 2,
    waitingBytes: 99,
    acknowledged: '1795345623000000000',
  },
  trouble: null,
};

describe('metrics', () => {
  it('name each interface, and leave out what the engine cannot tell', () => {
    const text = metricsText(STATUS);
    expect(text).toContain('stallscope_collector_packets_total{vantage="node-a.in",interface="eth0"} 7\n');
    expect(text).toContain('stallscope_collector_capturing{vantage="node-a.out",interface="e\\"1"} 0\n');
    expect(text.match(/^stallscope_collector_dropped_packets_total/gm)).toHaveLength(1);
    expect(text).toContain('\nstallscope_collector_ring_bytes 4000\n');
    expect(text).toContain('\nstallscope_collector_spool_bytes 99\n');
    expect(text).toContain('\nstallscope_collector_acknowledged_time_seconds 1795345623\n');
    expect(text).toContain('\nstallscope_collector_start_time_seconds 1795345622.601\n');
  });

  it('are of the form that Prometheus reads: help and type before samples, each family once', () => {
    for (const line of metricsText(STATUS).trimEnd().split('\n'))
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[a-z]+=".*"\})? [\d.e+]+)$/);
    const types = metricsText(STATUS).match(/^# TYPE \S+/gm) ?? [];
    expect(new Set(types).size).toBe(types.length);
  });

  it('say nothing of a server where nothing is shipped', () => {
    expect(metricsText({ ...STATUS, ship: null })).not.toContain('spool');
  });

  it('are at /metrics, for GET, on loopback where only a port is named', async () => {
    const server = await openMetrics('0', () => STATUS);
    try {
      expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
      const response = await fetch(server.url);
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(await response.text()).toBe(metricsText(STATUS));
      expect((await fetch(new URL('/', server.url))).status).toBe(404);
      expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
      const port = new URL(server.url).port;
      const second = openMetrics(`127.0.0.1:${port}`, () => STATUS);
      await expect(second).rejects.toThrow(`metrics: cannot listen on 127.0.0.1:${port}: the port is in use`);
      await expect(second).rejects.toBeInstanceOf(CollectorError);
    } finally {
      await server.close();
    }
  });
});
