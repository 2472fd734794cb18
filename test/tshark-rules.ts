/**
 * The rules of docs/tshark-flags.md, each as a short transcript with the marks
 * that tshark gives (transcript.ts). Our code is held to them by
 * analyzer/tcp/tshark/tshark-analysis.test.ts, and they themselves to tshark by
 * tshark-oracle.slow.test.ts.
 */

export interface RuleCase {
  /** As in docs/tshark-flags.md. */
  rule: string;
  what: string;
  lines: string;
}

/** No window scale; 2 ms from the SYN to the first ACK. */
const HANDSHAKE = `
  0 C SYN     100         |
  1 S SYN-ACK 500 ack 101 |
  2 C ACK     101 ack 501 |`;

/** The client scales by 2, the server by 0. */
const SCALED_HANDSHAKE = `
  0 C SYN     100         scale 2 |
  1 S SYN-ACK 500 ack 101 scale 0 |
  2 C ACK     101 ack 501         |`;

export const RULES: readonly RuleCase[] = [
  {
    rule: 'A1',
    what: 'one byte into a closed window is a probe, and moves no number',
    lines: `${HANDSHAKE}
       3 C ACK 101+10 ack 501       |
       4 S ACK 501    ack 111 win 0 | zero_window
       5 C ACK 111+1  ack 501       | zero_window_probe
     205 C ACK 111+1  ack 501       | zero_window_probe`,
  },
  {
    rule: 'A1',
    what: 'a side that was never seen has no closed window',
    lines: `
       0 C ACK 101+10 ack 501 |
       1 C ACK 111+1  ack 501 |`,
  },
  {
    rule: 'A2',
    what: 'a window of 0 counts, but not in SYN, FIN or RST',
    lines: `${HANDSHAKE}
       3 S ACK     501 ack 101 win 0 | zero_window
       4 S FIN-ACK 501 ack 101 win 0 |
       5 S RST-ACK 502 ack 101 win 0 |`,
  },
  {
    rule: 'A3',
    what: 'a number beyond the next is a hole, also in an empty segment, but not in a RST',
    lines: `${HANDSHAKE}
       3 C ACK 111+10 ack 501 | lost_segment
       4 C ACK 131    ack 501 | lost_segment
       5 C RST 200            |`,
  },
  {
    rule: 'A4',
    what: 'one byte or none from just before the next number is a keep-alive, two are new data',
    lines: `${HANDSHAKE}
       3 C ACK 101+10 ack 501 |
    5003 C ACK 110    ack 501 | keep_alive
   10003 C ACK 110+1  ack 501 | keep_alive
   15003 C ACK 110+2  ack 501 |`,
  },
  {
    rule: 'A5',
    what: 'nothing new but the window: an update, unless the window is 0',
    lines: `${HANDSHAKE}
       3 C ACK 101 ack 501 win 2000 | window_update
       4 C ACK 101 ack 501 win 0    | zero_window
       5 C ACK 101 ack 501 win 10   | window_update`,
  },
  {
    rule: 'A6',
    what: 'data exactly to the edge of the scaled window fills it, beyond the edge does not',
    lines: `${SCALED_HANDSHAKE}
       3 S ACK  501+4000 ack 101 | window_full
       4 S ACK 4501+10   ack 101 |`,
  },
  {
    rule: 'A6',
    what: 'the window of a SYN is not scaled',
    lines: `
       0 C SYN     100 ack 501 scale 2         |
       1 S SYN-ACK 500 ack 101 scale 0         |
       2 S ACK     501+1000 ack 101            | window_full`,
  },
  {
    rule: 'A6',
    what: 'one SYN without a scale turns it off for both',
    lines: `
       0 C SYN     100          scale 2 |
       1 S SYN-ACK 500 ack 101          |
       2 C ACK     101 ack 501          |
       3 S ACK     501+1000 ack 101     | window_full`,
  },
  {
    rule: 'A6',
    what: 'no SYN was seen: nothing can be said',
    lines: `
       0 C ACK 101 ack 501      |
       1 S ACK 501+1000 ack 101 |`,
  },
  {
    rule: 'A7',
    what: 'the answer to a keep-alive repeats everything, and is no duplicate ACK',
    lines: `${HANDSHAKE}
       3 C ACK 101+10 ack 501 |
       4 S ACK 501    ack 111 |
    5003 C ACK 110    ack 501 | keep_alive
    5004 S ACK 501    ack 111 | keep_alive_ack
    5005 S ACK 501    ack 111 | keep_alive_ack`,
  },
  {
    rule: 'A8',
    what: 'the answer to a probe keeps the window closed',
    lines: `${HANDSHAKE}
       3 S ACK 501    ack 101 win 0 | zero_window
     203 C ACK 101+1  ack 501       | zero_window_probe
     204 S ACK 501    ack 101 win 0 | zero_window zero_window_probe_ack
     205 S ACK 501    ack 101       | window_update`,
  },
  {
    rule: 'A9',
    what: 'an ACK that repeats everything is a duplicate, even with nothing outstanding',
    lines: `${HANDSHAKE}
       3 C ACK 101 ack 501 | duplicate_ack
       4 C ACK 101 ack 501 | duplicate_ack`,
  },
  {
    rule: 'B1',
    what: 'a new ACK ends the row of duplicates, so one more is no reason for a fast retransmission',
    lines: `${HANDSHAKE}
       3 S ACK 501+10 ack 101 |
       4 S ACK 511+10 ack 101 |
       5 C ACK 101    ack 501 | duplicate_ack
       6 C ACK 101    ack 511 |
       7 C ACK 101    ack 511 | duplicate_ack
       8 S ACK 511+10 ack 101 | retransmission`,
  },
  {
    rule: 'B2',
    what: 'an ACK beyond all that was seen is marked once a row',
    lines: `${HANDSHAKE}
       3 C ACK 101+10 ack 501 |
       4 S ACK 501    ack 121 | ack_lost_segment
       5 S ACK 501    ack 131 |
       6 C ACK 111+10 ack 501 | retransmission spurious_retransmission`,
  },
  {
    rule: 'B2',
    what: 'up to a hole: the ACK of what came behind it is marked, the next is not',
    lines: `${HANDSHAKE}
       3 C ACK 111+10 ack 501 | lost_segment
       4 S ACK 501    ack 121 | ack_lost_segment
       5 S ACK 501    ack 121 | duplicate_ack`,
  },
  {
    rule: 'C0',
    what: 'a keep-alive with its one byte is no retransmission',
    lines: `${HANDSHAKE}
       3 C ACK 101+1 ack 501 |
    5003 C ACK 101+1 ack 501 | keep_alive`,
  },
  {
    rule: 'C2',
    what: 'acknowledged data again is spurious; a FIN alone never is',
    lines: `${HANDSHAKE}
       3 C PSH-ACK 101+10 ack 501 |
       4 S ACK     501    ack 111 |
     300 C PSH-ACK 101+10 ack 501 | retransmission spurious_retransmission
     301 C FIN-ACK 111    ack 501 |
     302 S ACK     501    ack 112 |
     600 C FIN-ACK 111    ack 501 | retransmission`,
  },
  {
    rule: 'C3',
    what: 'two duplicate ACKs, then what they ask for within 20 ms',
    lines: `${HANDSHAKE}
       3 S ACK 501+10 ack 101 |
       4 S ACK 511+10 ack 101 |
       5 S ACK 521+10 ack 101 |
       6 C ACK 101    ack 501 | duplicate_ack
       7 C ACK 101    ack 501 | duplicate_ack
      26.9 S ACK 501+10 ack 101 | retransmission fast_retransmission`,
  },
  {
    rule: 'C3',
    what: 'after 20 ms it is a plain retransmission',
    lines: `${HANDSHAKE}
       3 S ACK 501+10 ack 101 |
       4 S ACK 511+10 ack 101 |
       5 S ACK 521+10 ack 101 |
       6 C ACK 101    ack 501 | duplicate_ack
       7 C ACK 101    ack 501 | duplicate_ack
      27 S ACK 501+10 ack 101 | retransmission`,
  },
  {
    rule: 'C3',
    what: 'a peer whose unseen data was acknowledged has a count of -1, and that counts as many',
    lines: `${HANDSHAKE}
       3 S ACK 501+10 ack 101 |
       4 S ACK 511+10 ack 111 | ack_lost_segment
       6 S ACK 501+10 ack 111 | retransmission fast_retransmission`,
  },
  {
    rule: 'C4',
    what: 'late by less than the first round trip is out of order, later is not',
    lines: `${HANDSHAKE}
       3   C ACK 121+10 ack 501 | lost_segment
       4.9 C ACK 101+10 ack 501 | out_of_order
       5   C ACK 111+10 ack 501 | retransmission`,
  },
  {
    rule: 'C4',
    what: 'a segment that ends where the newest ended is a repetition, never out of order',
    lines: `${HANDSHAKE}
       3   C ACK 101+10 ack 501 |
       3.1 C ACK 101+10 ack 501 | retransmission`,
  },
  {
    rule: 'C4',
    what: 'without a handshake the limit is 3 ms; the clock that runs backwards is beyond any',
    lines: `
       0   C ACK 101+10 ack 501 |
       1   C ACK 121+20 ack 501 | lost_segment
       3.9 C ACK 111+10 ack 501 | out_of_order
       4   C ACK 111+5  ack 501 | retransmission
       0.9 C ACK 111+5  ack 501 | retransmission`,
  },
  {
    rule: 'C4',
    what: 'a round trip below zero is longer than any',
    lines: `
       5   C SYN     100            |
       1   C ACK     101    ack 501 |
       2   C ACK     101+10 ack 501 |
    9000   C ACK     101+5  ack 501 | out_of_order`,
  },
  {
    rule: 'C5',
    what: 'anything else that does not advance is a retransmission, SYN and FIN too',
    lines: `
       0 C SYN     100            |
    1000 C SYN     100            | retransmission
    1001 S SYN-ACK 500    ack 101 |
    1002 C ACK     101+10 ack 501 |
    1202 C ACK     101+10 ack 501 | retransmission
    1203 C FIN-ACK 111    ack 501 |
    1500 C FIN-ACK 111    ack 501 | retransmission`,
  },
  {
    rule: 'D',
    what: 'a number 0 counts as not known: the first segment from there is never judged by it',
    lines: `
       0 C ACK 4294967286+10 ack 501 |
       1 C ACK          50+10 ack 501 |
       2 C ACK          70+10 ack 501 | lost_segment`,
  },
  {
    rule: 'D',
    what: 'numbers wrap',
    lines: `
       0 C ACK 4294967290+10 ack 501 |
       1 C ACK          4+10 ack 501 |
     300 C ACK 4294967290+10 ack 501 | retransmission
     301 C ACK         24+10 ack 501 | lost_segment`,
  },
  {
    rule: 'Stream',
    what: 'a SYN with another number begins a new one',
    lines: `${HANDSHAKE}
    1000 C SYN     9000            | #1 reused_ports
    1001 S SYN-ACK 8000   ack 9001 | #1
    1002 C ACK     9001   ack 8001 | #1`,
  },
  {
    rule: 'Stream',
    what: 'a SYN-ACK with another number stays in it',
    lines: `${HANDSHAKE}
    1000 S SYN-ACK 700 ack 101 | lost_segment reused_ports`,
  },
  {
    rule: 'Stream',
    what: 'in mid-stream the numbers before the first segment and the first ACK are the base',
    lines: `
       0 C ACK 101 ack 501 |
       1 S SYN 500         |
       2 S SYN 499         | #1 reused_ports`,
  },
];
