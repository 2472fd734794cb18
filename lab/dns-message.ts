/**
 * The little of DNS (RFC 1035) that the lab asks and answers: one question for an address, and its answer.
 * The trap: an answer carries the question's id and the question itself, or whoever follows the exchange takes it for
 * another's.
 */

const HEADER = 12;
const RESPONSE = 0x8180; // QR, RD, RA
const TYPE_A = 1;
const CLASS_IN = 1;

/** Asks for the address of `q<number>.lab.example`; the id is the number, and so may be used again after 65,536. */
export function dnsQuestion(number: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(number & 0xffff, 0);
  header.writeUInt16BE(0x0100, 2); // recursion desired
  header.writeUInt16BE(1, 4);
  const labels = [`q${number}`, 'lab', 'example'].map((label) =>
    Buffer.concat([Buffer.of(label.length), Buffer.from(label)]),
  );
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, TYPE_A, 0, CLASS_IN)]);
}

/** Null where it is no question. */
export function dnsAnswer(question: Buffer): Buffer | null {
  if (question.length < HEADER + 5 || (question[2]! & 0x80) !== 0) return null;
  const answer = Buffer.alloc(16);
  answer.writeUInt16BE(0xc000 | HEADER, 0); // the name that was asked for
  answer.writeUInt16BE(TYPE_A, 2);
  answer.writeUInt16BE(CLASS_IN, 4);
  answer.writeUInt32BE(60, 6); // seconds that it may be kept
  answer.writeUInt16BE(4, 10);
  answer.set([192, 0, 2, 1], 12); // RFC 5737
  const message = Buffer.concat([question, answer]);
  message.writeUInt16BE(RESPONSE, 2);
  message.writeUInt16BE(1, 6);
  return message;
}

/** Null where it is no answer. */
export const answeredId = (message: Buffer): number | null =>
  message.length >= HEADER && (message[2]! & 0x80) !== 0 ? message.readUInt16BE(0) : null;
