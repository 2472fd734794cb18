/**
 * How many connections may be followed, so that memory stays bounded and the report can be read: a flood of SYNs makes a
 * flow a frame. The trap: what was not followed in one capture looks as if it had never come by there (failover/crossing.ts).
 */
export const MOST_FLOWS = 150_000;

/** Bytes of heap that one which was never answered takes while all are judged; measured, and more than a healthy one takes. */
const IN_REPORT = 10_000;
/** The same for each capture that has it. */
const IN_CAPTURE = 8000;
/** Of a heap that is fuller than this, most of the time goes into looking for what may be freed. */
const FILLED = 0.75;

/** For a heap of so many bytes, shared by so many places: the connections that may be followed at each of them. */
export const flowsThatFit = (heap: number, vantages: number): number =>
  Math.floor(Math.min(MOST_FLOWS, (heap * FILLED) / (IN_REPORT + IN_CAPTURE * Math.max(1, vantages))));
