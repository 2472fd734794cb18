import { describe, expect, it } from 'vitest';
import { type CollectorNote, readNote, writeNote } from './collector-note.ts';

const NOTES: readonly CollectorNote[] = [
  {
    note: 'file',
    v: 1,
    collector: 'c0ffee',
    host: 'gw-1',
    vantage: 'node-a.out',
    number: 3,
    engine: 'tcpdump 4.99.3',
    stamps: 'kernel',
  },
  {
    note: 'gap',
    from: '1795000000000000000',
    to: '1795000003000000000',
    why: 'eth1 was not there',
    link: 'absent',
  },
  { note: 'gap', from: '1795000000000000000', to: null, why: 'no room in the buffer', packets: 12 },
  { note: 'clock', at: '1795000000000000000', synchronised: true, offset: -0.0001, maxError: 0.02 },
  { note: 'exchange', at: '1795000000000000000', peer: 'server', offset: 34.2, error: 0.0004 },
  { note: 'link', at: '1795000000000000000', state: 'down' },
];

describe('a note', () => {
  it.each(NOTES.map((note) => [note.note, note] as const))('%s is read as it was written', (_name, note) => {
    expect(readNote(writeNote(note))).toEqual(note);
  });

  it('is nothing that anybody else wrote', () => {
    const gap = NOTES[1] as CollectorNote;
    for (const comment of [
      '',
      'stallscope',
      'stallscope: ',
      'stallscope: null',
      'stallscope: 5',
      'stallscope: {"note":"toString"}',
      JSON.stringify(gap),
      writeNote({ ...gap, from: 'now' } as CollectorNote),
      writeNote({ ...gap, packets: -1 } as CollectorNote),
      writeNote({ ...gap, link: 'up' } as unknown as CollectorNote),
      writeNote({ ...NOTES[0], v: 2 } as unknown as CollectorNote),
      writeNote({ ...NOTES[3], maxError: null } as unknown as CollectorNote),
    ])
      expect(readNote(comment), comment).toBeNull();
  });
});
