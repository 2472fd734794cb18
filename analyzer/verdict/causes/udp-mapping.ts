/**
 * A UDP exchange (DNS, QUIC) lost its mapping. TCP flows are none.
 */
import { out, type Rule } from '../rule.ts';

export const udpMapping: Rule = {
  id: 'udp-mapping',
  meaning: 'a UDP exchange lost its mapping at the node',
  judge: () => out('the flow is TCP'),
};
