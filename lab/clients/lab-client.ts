/**
 * The lab's own client programs behind one door, bundled as `lab-client.js`. It is given one argument,
 * a `ClientPlan` as JSON, and ends with 0 where everything that it asked for came, else with 1.
 */
import { isIPv6 } from 'node:net';
import type { ClientPlan } from '../programs.ts';
import { runApi } from './api-client.ts';
import { runDownload } from './download-client.ts';
import { runMixed } from './mixed-client.ts';
import { runUdp } from './udp-client.ts';

const { traffic, address } = JSON.parse(process.argv[2] ?? 'null') as ClientPlan;
const host = isIPv6(address) ? `[${address}]` : address;

function run(): Promise<boolean> {
  switch (traffic.run) {
    case 'node':
      return runDownload(host, traffic);
    case 'api':
      return runApi(host, traffic);
    case 'udp':
      return runUdp(address, traffic);
    case 'mixed':
      return runMixed(host, traffic);
  }
}

void run().then((wentWell) => {
  process.exitCode = wentWell ? 0 : 1;
});
