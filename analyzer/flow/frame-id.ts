/**
 * A frame of one of several captures in one number: captures are counted from
 * 0, frames from 1. A plain number, so that millions of them cost nothing.
 * The trap: files of 2^32 frames or more do not fit; no reader gets there.
 */

/** `captureIndex * 2^32 + frame number`. */
export type FrameId = number;

export const NO_FRAME: FrameId = 0;
const CAPTURE_STEP = 4_294_967_296;

export const frameId = (captureIndex: number, frame: number): FrameId => captureIndex * CAPTURE_STEP + frame;
export const captureOf = (id: FrameId): number => Math.floor(id / CAPTURE_STEP);
export const frameOf = (id: FrameId): number => id % CAPTURE_STEP;
