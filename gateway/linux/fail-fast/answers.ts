/**
 * What the sets have counted, of `nft -j list table`: an element whose counter moved was answered by a
 * reset; one that is no longer there belongs to an end that is gone, or has begun anew.
 */
import { z } from 'zod';
import { legKey } from './legs.ts';

const element = z.object({
  elem: z.object({
    val: z.object({ concat: z.tuple([z.string(), z.number(), z.string(), z.number()]) }),
    counter: z.object({ packets: z.number() }),
  }),
});
const listing = z.object({
  nftables: z.array(z.object({ set: z.object({ elem: z.array(element).default([]) }).optional() })),
});

/** Packets answered, by `legKey`. @throws ZodError where nft prints another form */
export function parseAnswers(json: string): Map<string, number> {
  const answers = new Map<string, number>();
  for (const { set } of listing.parse(JSON.parse(json)).nftables) {
    for (const { elem } of set?.elem ?? []) {
      const [source, sourcePort, destination, destinationPort] = elem.val.concat;
      const end = { address: source, port: sourcePort };
      const key = legKey(end, { address: destination, port: destinationPort });
      answers.set(key, elem.counter.packets);
    }
  }
  return answers;
}
