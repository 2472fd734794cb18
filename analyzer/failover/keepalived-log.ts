/**
 * What keepalived's VRRP process logs: `(VI_1) Entering MASTER STATE`, before
 * version 2 `VRRP_Instance(VI_1) Entering MASTER STATE`; addresses and gratuitous
 * ARP only where it logs in detail (`-D`).
 * The trap: `Transition to MASTER STATE` is only the wish; the addresses come
 * with `Entering`.
 */
import { type EventDraft, keptText } from './journal-event.ts';
import type { LogLine } from './log-line.ts';

const ENTERING = /\bEntering (MASTER|BACKUP|FAULT) STATE\b/;
const ADDRESSES = /\b(setting|removing) (?:protocol )?VIPs\b/;
const ANNOUNCED = /^Sending gratuitous ARPs? on \S{1,64} for ([\da-fA-F.:]{2,45})/;

/** Every line is an event; what it does not know is a note. */
export function parseKeepalivedLine({ from, until, message }: LogLine, line: number): EventDraft {
  const base = { from, until, line, text: keptText(message) };
  const role = ENTERING.exec(message)?.[1];
  if (role !== undefined) return { ...base, kind: 'role', role: { from: null, to: role.toLowerCase() } };
  const change = ADDRESSES.exec(message)?.[1];
  if (change !== undefined) return { ...base, kind: change === 'setting' ? 'address-up' : 'address-down' };
  // Old versions name the instance first.
  const address = ANNOUNCED.exec(message.replace(/^(?:VRRP_Instance)?\([^)]{0,64}\) /, ''))?.[1];
  return address === undefined ? { ...base, kind: 'note' } : { ...base, kind: 'address-announced', address };
}
