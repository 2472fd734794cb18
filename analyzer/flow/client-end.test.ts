import { describe, expect, it } from 'vitest';
import { segment } from '../test-frames.ts';
import { settleClients } from './client-end.ts';
import type { Flow } from './flow.ts';
import { FlowTable } from './flow-table.ts';

/** Flows seen in mid-stream, one a pair of `address port`. */
function flowsBetween(...pairs: [string, string][]): readonly Flow[] {
  const table = new FlowTable();
  for (const [from, to] of pairs) {
    const [source, sourcePort] = from.split(' ') as [string, string];
    const [destination, destinationPort] = to.split(' ') as [string, string];
    const ports = { sourcePort: Number(sourcePort), destinationPort: Number(destinationPort) };
    table.find(segment({ source, destination, ...ports }), 1);
  }
  return table.flows;
}

function clients(flows: readonly Flow[]): string[] {
  settleClients(flows);
  return flows.map((f) => `${f.addressOf(f.client)} ${f.port[f.client]}: ${f.clientReason}`);
}

describe('settleClients', () => {
  it('takes the end that talks to a well-known port', () => {
    expect(clients(flowsBetween(['10.0.0.9 443', '10.0.0.1 1024']))).toEqual(['10.0.0.1 1024: port']);
  });

  it('takes port 1024 for no well-known one, and two well-known ports for no answer', () => {
    expect(clients(flowsBetween(['10.0.0.9 1024', '10.0.0.1 1025']))).toEqual(['10.0.0.1 1025: guess']);
    expect(clients(flowsBetween(['10.0.0.9 22', '10.0.0.1 1023']))).toEqual(['10.0.0.1 1023: guess']);
  });

  it('takes an end that three peers talk to for a server, though its port is the higher one', () => {
    const peers = flowsBetween(
      ['10.0.0.1 5000', '10.0.0.9 9000'],
      ['10.0.0.1 5001', '10.0.0.9 9000'],
      ['10.0.0.2 5000', '10.0.0.9 9000'],
    );
    expect(clients(peers)).toEqual(['10.0.0.1 5000: peers', '10.0.0.1 5001: peers', '10.0.0.2 5000: peers']);
  });

  it('does not count two peers, nor one that is seen twice', () => {
    const two = flowsBetween(['10.0.0.1 5000', '10.0.0.9 9000'], ['10.0.0.2 5000', '10.0.0.9 9000']);
    expect(clients([...two, two[0] as Flow])).toEqual([
      '10.0.0.9 9000: guess',
      '10.0.0.9 9000: guess',
      '10.0.0.9 9000: guess',
    ]);
  });

  it('leaves what something surer settled', () => {
    const [flow] = flowsBetween(['10.0.0.9 443', '10.0.0.1 50000']) as [Flow];
    flow.setClient(1, 'syn');
    expect(clients([flow])).toEqual(['10.0.0.9 443: syn']);
  });
});
