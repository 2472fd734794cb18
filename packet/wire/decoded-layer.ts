/**
 * One layer of a frame as people read it: what dissection (dissect.ts) makes.
 */

/** Names and values for people, as Wireshark's tree has them. */
export interface DecodedLayer {
  /** Such as `Ethernet`, `IPv4`, `TCP`. */
  name: string;
  fields: { name: string; value: string }[];
}
