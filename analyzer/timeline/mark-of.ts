/**
 * Which `Mark` a segment gets: of all that it is, what matters most.
 * The traps: a SYN or a FIN that is sent again carries no bytes that were seen
 * before, and is a retransmission all the same; and a second capture of one
 * packet is no second packet, so it is never a problem.
 */
import { seqDistance } from '../../packet/seq.ts';
import { type Frame, TcpFlag } from '../../packet/wire/frame.ts';
import { type FrameId, NO_FRAME } from '../flow/frame-id.ts';
import { Segment } from '../tcp/segment.ts';
import type { Side } from '../tcp/side.ts';
import { Mark } from './mark.ts';

/**
 * @param bits `Segment` bits
 * @param own the sender, after it took the segment in
 * @param repeats it says the same as the sender's last segment, acknowledgement and window, and something is outstanding
 */
export function markOf(frame: Frame, id: FrameId, bits: number, own: Side, repeats: boolean): Mark {
  if ((bits & Segment.Copy) !== 0) return markOfCopy(frame);
  if ((bits & Segment.Rst) !== 0) return Mark.Reset;
  if ((bits & Segment.Resent) !== 0 || isOpenedAgain(frame, bits, own) || isClosedAgain(frame, id, bits, own))
    return Mark.Retransmission;
  if ((bits & Segment.ZeroWindow) !== 0) return Mark.ZeroWindow;
  if ((bits & Segment.Probe) !== 0) return Mark.Probe;
  if (fillsHole(frame, bits, own)) return Mark.OutOfOrder;
  if ((bits & Segment.Fin) !== 0) return Mark.Fin;
  if ((bits & Segment.Syn) !== 0) return Mark.Syn;
  if (frame.sackBlockCount > 0) return Mark.Sack;
  if (frame.payloadLength > 0) return Mark.Data;
  if ((bits & Segment.WindowUpdate) !== 0) return Mark.WindowUpdate;
  return repeats && (bits & Segment.AckAdvance) === 0 ? Mark.DuplicateAck : Mark.Ack;
}

function markOfCopy({ flags, payloadLength }: Frame): Mark {
  if ((flags & TcpFlag.Fin) !== 0) return Mark.Fin;
  if ((flags & TcpFlag.Syn) !== 0) return Mark.Syn;
  return payloadLength > 0 ? Mark.Data : Mark.Ack;
}

/** What came after these bytes was seen before them: they were overtaken, or lost on the way to here and sent again. */
const fillsHole = ({ seq, payloadLength }: Frame, bits: number, own: Side): boolean =>
  (bits & Segment.NewData) !== 0 && own.seen && seqDistance(own.next, (seq + payloadLength) >>> 0) > 0;

const isOpenedAgain = ({ seq }: Frame, bits: number, own: Side): boolean =>
  (bits & Segment.Syn) !== 0 && own.synCount > 1 && seq === own.firstSeq;

const isClosedAgain = ({ seq, payloadLength }: Frame, id: FrameId, bits: number, own: Side): boolean =>
  (bits & Segment.Fin) !== 0 &&
  own.fin !== NO_FRAME &&
  own.fin !== id &&
  (seq + payloadLength) >>> 0 === own.finSeq;
