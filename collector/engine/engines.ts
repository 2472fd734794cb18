/** The engines by their names. */
import { type CapOptions, capEngine } from './cap.ts';
import type { Engine } from './engine.ts';
import { type TcpdumpOptions, tcpdumpEngine } from './tcpdump.ts';

export const makeEngine = (name: Engine['name'], options: TcpdumpOptions & CapOptions = {}): Engine =>
  name === 'cap' ? capEngine(options) : tcpdumpEngine(options);
