/** What captures hold of the numbered packets that were sent: each once, or counted as lost. */
import { createReadStream, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { createCaptureReader } from '../packet/file/reader.ts';

export interface Held {
  /** Different ones. */
  readonly packets: number;
  /** More than once. */
  readonly twice: number;
  /** By the statistics of the files. */
  readonly dropped: number;
  readonly bytes: number;
}

const NUMBER_AT = 54;

export async function readHeld(folder: string, sent: number): Promise<Held> {
  const seen = new Uint8Array(sent);
  let [packets, twice, dropped, bytes] = [0, 0, 0, 0];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of names
    .filter((name) => /\.pcap(?:ng)?$/.test(name))
    .map((name) => path.join(folder, name))) {
    const reader = createCaptureReader({
      packet: ({ view, offset, capturedLength }) => {
        if (capturedLength < NUMBER_AT + 4 || view.getUint8(offset + 11) !== 0x0b) return;
        const number = view.getUint32(offset + NUMBER_AT);
        if (seen[number] === 0) packets++;
        else twice++;
        seen[number] = 1;
      },
      problem: ({ message }) => {
        throw new Error(`${file}: ${message}`);
      },
    });
    for await (const chunk of createReadStream(file, { highWaterMark: 4 << 20 }))
      reader.push(chunk as Buffer);
    reader.end();
    bytes += statSync(file).size;
    for (const one of reader.interfaces) dropped += one.dropped ?? 0;
  }
  return { packets, twice, dropped, bytes };
}
