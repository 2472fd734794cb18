/**
 * What the table says of each leg, of `nft -j list table`: told by a reset, lost and not told yet; one that is in no set any
 * more belongs to an end that is gone, or has begun anew.
 */
import { z } from 'zod';
import { legKey } from './legs.ts';

const element = z.object({
  elem: z.object({ val: z.object({ concat: z.tuple([z.string(), z.number(), z.string(), z.number()]) }) }),
});
const listing = z.object({
  nftables: z.array(
    z.object({ set: z.object({ name: z.string(), elem: z.array(element).default([]) }).optional() }),
  ),
});

export type Answer = 'told' | 'silent';

/** By `legKey`. @throws ZodError where nft prints another form */
export function parseAnswers(json: string): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const { set } of listing.parse(JSON.parse(json)).nftables) {
    for (const { elem } of set?.elem ?? []) {
      const [source, sourcePort, destination, destinationPort] = elem.val.concat;
      const end = { address: source, port: sourcePort };
      const key = legKey(end, { address: destination, port: destinationPort });
      // In whichever order the sets are printed.
      if (set?.name.startsWith('told')) answers.set(key, 'told');
      else if (!answers.has(key)) answers.set(key, 'silent');
    }
  }
  return answers;
}
