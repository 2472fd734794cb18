/** A journal on a disk that is full: the node goes on, and is told of it once. */
import { describe, expect, it } from 'vitest';
import { openJournal } from './journal-writer.ts';

describe.skipIf(process.platform !== 'linux')('a journal', () => {
  it('that cannot be written is told of once, and ends nothing', () => {
    const troubles: string[] = [];
    const journal = openJournal('/dev/full', 'node-a', (what) => troubles.push(what));
    for (let i = 0; i < 3; i++) journal.write({ event: 'forwarding-on' });
    expect(troubles).toEqual(['the journal cannot be written (ENOSPC); the node goes on without']);
    journal.close();
    journal.write({ event: 'forwarding-off' });
    expect(troubles).toHaveLength(1);
  });
});
