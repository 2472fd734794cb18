import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { segment } from '../test-frames.ts';
import type { Flow } from './flow.ts';
import { flowId, udpFlowId } from './flow-id.ts';
import { FlowTable } from './flow-table.ts';

const sha = (text: string): string => `f${createHash('sha256').update(text).digest('hex').slice(0, 10)}`;

describe('flowId', () => {
  it('is the hash of protocol, client, server and first sequence number', () => {
    const syn = segment({ source: '10.0.0.1', sourcePort: 40000, seq: 4_294_967_290, flags: 'SYN' });
    const flow = new FlowTable().find(syn, 1) as Flow;
    expect(flowId(flow)).toBe(sha('tcp|10.0.0.1:40000|10.0.0.2:80|4294967290'));
  });

  it('names the client first, whichever end has the lower address', () => {
    const flow = new FlowTable().find(
      segment({ source: 'fd00::9', destination: 'fd00::2', seq: 7 }),
      1,
    ) as Flow;
    expect(flow.client).toBe(1);
    expect(flowId(flow)).toBe(sha('tcp|fd00::9:40000|fd00::2:80|7'));
  });

  it('follows the client when that is settled later', () => {
    const flow = new FlowTable().find(segment({ seq: 7 }), 1) as Flow;
    flow.setClient(1, 'hello');
    expect(flowId(flow)).toBe(sha('tcp|10.0.0.2:80|10.0.0.1:40000|7'));
  });
});

describe('udpFlowId', () => {
  it('has no sequence number, and counts on where ports are used again', () => {
    const client = { address: '10.0.0.1', port: 40000 };
    const server = { address: '10.0.0.2', port: 53 };
    expect(udpFlowId(client, server)).toBe(sha('udp|10.0.0.1:40000|10.0.0.2:53|0'));
    expect(udpFlowId(client, server, 2)).toBe(sha('udp|10.0.0.1:40000|10.0.0.2:53|0|2'));
  });
});
