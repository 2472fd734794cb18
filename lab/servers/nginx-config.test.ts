import { describe, expect, it } from 'vitest';
import type { ServerPlan } from '../programs.ts';
import { parseScenario } from '../scenario.ts';
import { nginxConfig } from './nginx-config.ts';
import { downloadSizes, serverCommands, tcpPorts } from './server-commands.ts';

const plain: ServerPlan = { folder: '/run/x y', address: '10.0.2.10', rate: 400_000, resetTimedOut: false };
const tls = { certificate: '/run/x y/server.pem', key: '/run/x y/server.key' };

describe('the configuration of nginx', () => {
  it('keeps everything in its folder, and one process in the foreground', () => {
    const text = nginxConfig({ ...plain, tls });
    expect(text).toContain('daemon off;\nmaster_process off;');
    const files = [...text.matchAll(/(?:_path|_log|pid|root|certificate(?:_key)?) (".*"|off)/g)];
    expect(files).toHaveLength(11);
    for (const [, file] of files) expect(file).toMatch(/^("\/run\/x y\/.*"|off)$/);
  });

  it('limits the rate of downloads only', () => {
    expect(nginxConfig({ ...plain, rate: 250_000.4 })).toContain('location / { limit_rate 250000; }');
  });

  it('has timeouts and TLS only where they are asked for', () => {
    expect(nginxConfig(plain)).not.toMatch(/send_timeout|ssl|443/);
    const text = nginxConfig({ ...plain, sendTimeout: 2500, resetTimedOut: true, tls });
    expect(text).toContain('send_timeout 2500ms;');
    expect(text).toContain('reset_timedout_connection on;');
    expect(text).toContain('listen [::]:443 ssl;');
  });

  it('refuses a folder that it could not name', () => {
    expect(() => nginxConfig({ ...plain, folder: '/x"; include /etc/passwd; "' })).toThrow(
      'nginx cannot read',
    );
  });
});

describe('the servers of a scenario', () => {
  const scenario = parseScenario(`
title: two downloads of one size
traffic:
  - { name: a, run: wget, size: 8M }
  - { name: b, run: curl, size: 8M }
  - { name: c, run: mixed, size: 300k }
  - { name: d, run: udp }
expect: {}
`);

  it('need a file of each size', () => {
    expect(downloadSizes(scenario)).toEqual([300_000, 8_000_000]);
  });

  it('are nginx and the lab’s own', () => {
    const [nginx, own] = serverCommands(plain, '/dist/lab-server.js');
    expect(nginx).toEqual([
      'nginx',
      '-p',
      '/run/x y',
      '-e',
      '/run/x y/nginx-error.log',
      '-c',
      '/run/x y/nginx.conf',
    ]);
    expect(JSON.parse(own![2]!)).toEqual(plain);
    expect(tcpPorts(plain)).toEqual([80, 8080]);
    expect(tcpPorts({ ...plain, tls })).toEqual([80, 8080, 443]);
  });
});
