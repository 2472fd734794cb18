/** Pins: what somebody wants in the postmortem, with a note. They outlive every new analysis. */
import type { NewPin, Pin } from '../api.ts';
import { ServerError } from '../server-error.ts';
import { toInteger } from './flow-row.ts';
import { cleanLine, newId, notFound, type Shared } from './shared.ts';

const MOST_TARGET = 500;
const MOST_TITLE = 500;
const MOST_NOTE = 20_000;
/** Of an incident. */
const MOST_PINS = 10_000;

interface PinRow {
  id: string;
  created: number;
  target: string;
  at: string | null;
  title: string;
  note: string;
}

// Nanoseconds since the epoch are more than a number holds.
const SELECT = 'SELECT id, created, target, CAST(at AS TEXT) AS at, title, note FROM pins WHERE incident = ?';

export class Pins {
  private readonly shared: Shared;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  list(incident: string): Pin[] {
    this.checkIncident(incident);
    return this.shared.connection.all<PinRow>(`${SELECT} ORDER BY number`, incident).map(toPin);
  }

  add(incident: string, { target, at, title, note }: NewPin): Pin {
    const { connection } = this.shared;
    const id = newId();
    checkNote(note);
    const fields = [cleanLine(target, MOST_TARGET), toTime(at), cleanLine(title, MOST_TITLE), note];
    return connection.write(() => {
      this.checkIncident(incident);
      const n = connection.get<{ n: number }>('SELECT count(*) AS n FROM pins WHERE incident = ?', incident);
      if ((n?.n ?? 0) >= MOST_PINS) throw new ServerError('bad-request', 'the incident has too many pins');
      connection.run(
        'INSERT INTO pins (id, incident, created, target, at, title, note) VALUES (?, ?, ?, ?, ?, ?, ?)',
        ...[id, incident, Date.now(), ...fields],
      );
      return this.pin(incident, id);
    });
  }

  change(incident: string, pin: string, { note, at }: { note?: string; at?: string | null }): Pin {
    const { connection } = this.shared;
    if (note !== undefined) checkNote(note);
    const time = at === undefined ? undefined : toTime(at);
    return connection.write(() => {
      this.pin(incident, pin);
      if (note !== undefined) connection.run('UPDATE pins SET note = ? WHERE id = ?', note, pin);
      if (time !== undefined) connection.run('UPDATE pins SET at = ? WHERE id = ?', time, pin);
      return this.pin(incident, pin);
    });
  }

  delete(incident: string, pin: string): void {
    const { connection } = this.shared;
    if (connection.run('DELETE FROM pins WHERE incident = ? AND id = ?', incident, pin) === 0)
      throw notFound('pin');
  }

  private pin(incident: string, pin: string): Pin {
    const row = this.shared.connection.get<PinRow>(`${SELECT} AND id = ?`, incident, pin);
    if (row === undefined) throw notFound('pin');
    return toPin(row);
  }

  private checkIncident(incident: string): void {
    if (this.shared.connection.get('SELECT 1 FROM incidents WHERE id = ?', incident) === undefined)
      throw notFound('incident');
  }
}

function checkNote(note: string): void {
  if (note.length > MOST_NOTE)
    throw new ServerError('bad-request', `a note has at most ${MOST_NOTE} characters`);
}

function toTime(at: string | null): bigint | null {
  if (at === null) return null;
  if (!/^-?\d{1,19}$/.test(at))
    throw new ServerError('bad-request', `'${cleanLine(at, 40)}' is no time in nanoseconds`);
  return toInteger(at);
}

const toPin = ({ created, ...row }: PinRow): Pin => ({ ...row, created: `${BigInt(created) * 1_000_000n}` });
