/** Two nodes and a link between them, with a clock of its own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Session } from '../session.ts';
import type { Batch, Message } from './messages.ts';
import { SyncReceiver } from './receiver.ts';
import { DEAD_MS, QUIET_MS, SyncSender, WINDOW } from './sender.ts';

const STEP_MS = 200;

class World {
  now = 0;
  sessions = new Map<number, Session>();
  sender = new SyncSender('epoch-0', 5);
  receiver = new SyncReceiver();
  isUp = false;
  #nextId = 1;
  #epochs = 1;
  /** On their way; a broken link loses them. */
  #there: Message[] = [];
  #back: Message[] = [];
  sent: Message[] = [];

  open(): number {
    const id = this.#nextId++;
    const client = { address: '10.0.1.10', port: 1000 + id };
    const server = { address: '10.0.2.10', port: 80 };
    const session: Session = { id, client, server, outside: null, up: 0, down: 0, opened: this.now };
    this.sessions.set(id, session);
    this.sender.open(session);
    return id;
  }
  connect(id: number): void {
    const session = this.sessions.get(id);
    if (session === undefined) return;
    session.outside = { client: { address: '10.0.2.1', port: 2000 + id }, server: session.server };
    this.sender.change(id);
  }
  relay(id: number, bytes: number): void {
    const session = this.sessions.get(id);
    if (session !== undefined) session.down += bytes;
  }
  close(id: number): void {
    this.sessions.delete(id);
    this.sender.close(id);
  }
  link(isUp: boolean): void {
    this.isUp = isUp;
    this.#there = [];
    this.#back = [];
    if (isUp) this.#send(this.sender.linkUp(this.now));
    else this.sender.linkDown();
  }
  restartSender(): void {
    this.sessions.clear();
    this.sender = new SyncSender(`epoch-${this.#epochs++}`, 5);
    this.#nextId = 1;
    if (this.isUp) this.link(true);
  }
  restartReceiver(): void {
    this.receiver = new SyncReceiver();
    if (this.isUp) this.link(true);
  }
  lose(which: 'there' | 'back'): void {
    (which === 'there' ? this.#there : this.#back).shift();
  }
  deliver(): void {
    for (const message of this.#there.splice(0)) {
      const answer = this.receiver.receive(message);
      if (answer !== null) this.#back.push(answer);
    }
    for (const message of this.#back.splice(0)) this.sender.receive(message, this.now);
  }
  /** Sends, without anything arriving. */
  tick(): void {
    this.now += STEP_MS;
    const message = this.sender.tick(this.now);
    if (message !== null) this.#send(message);
  }
  settle(): void {
    for (let step = 0; step < 40; step++) {
      this.deliver();
      this.tick();
    }
    this.deliver();
  }
  #send(message: Message): void {
    this.#there.push(structuredClone(message));
    this.sent.push(message);
  }
  get batches(): Batch[] {
    return this.sent.filter((message) => message.kind === 'batch');
  }
}

describe('the sessions of a peer', () => {
  it('are told as they open, change and close', () => {
    const world = new World();
    world.link(true);
    const [first, second] = [world.open(), world.open()];
    world.settle();
    world.connect(first);
    world.relay(second, 500);
    world.settle();
    expect(world.receiver.table.get(first)?.outside?.client.port).toBe(2001);
    expect(world.receiver.table.get(second)?.down).toBe(500);
    world.close(first);
    world.settle();
    expect([...world.receiver.table.keys()]).toEqual([second]);
    expect(world.sender).toMatchObject({ lag: 0, resent: 0, wholes: 1 });
  });

  it('are told again after a break if they were not acknowledged, and no others', () => {
    const world = new World();
    world.link(true);
    for (let i = 0; i < 10; i++) world.open();
    world.settle();
    const lost = world.open();
    world.relay(3, 10);
    world.tick();
    expect(world.sender.lag).toBe(2);
    world.link(false);
    world.close(5);
    world.link(true);
    world.settle();
    expect(world.sender).toMatchObject({ resent: 2, wholes: 1, lag: 0 });
    expect(world.receiver.table.has(lost)).toBe(true);
    expect(world.receiver.table).toEqual(world.sessions);
  });

  it('wait in one batch while the window is full', () => {
    const world = new World();
    world.link(true);
    const id = world.open();
    world.settle();
    const before = world.batches.length;
    for (let i = 0; i < 4; i++) {
      world.relay(id, 1);
      world.tick();
    }
    for (let i = 0; i < 40; i++) world.relay(world.open(), 1);
    for (let i = 0; i < WINDOW; i++) world.tick();
    expect(world.batches.length - before).toBeLessThanOrEqual(WINDOW);
    world.settle();
    expect(world.receiver.table).toEqual(world.sessions);
  });

  it('are told whole to a peer that started again, and by a node that did', () => {
    const world = new World();
    world.link(true);
    world.open();
    world.settle();
    world.restartReceiver();
    world.settle();
    expect(world.sender.wholes).toBe(2);
    expect(world.receiver.table.size).toBe(1);
    world.restartSender();
    world.settle();
    expect(world.receiver.table.size).toBe(0);
  });

  it('take no more memory while the peer is away than the whole table does', () => {
    const world = new World();
    world.link(true);
    for (let i = 0; i < 20; i++) world.open();
    world.settle();
    world.link(false);
    for (let id = 1; id <= 12; id++) world.close(id);
    expect(world.sender.lag).toBeLessThanOrEqual(8 + 6);
    world.link(true);
    world.settle();
    expect(world.sender.wholes).toBe(2);
    expect(world.receiver.table).toEqual(world.sessions);
  });

  it('show by silence that a link is dead, and not while it answers', () => {
    const world = new World();
    world.link(true);
    for (let spent = 0; spent < 2 * DEAD_MS; spent += STEP_MS) {
      world.tick();
      world.deliver();
      expect(world.sender.isDead(world.now)).toBe(false);
    }
    for (let spent = 0; spent < DEAD_MS + QUIET_MS; spent += STEP_MS) world.tick();
    expect(world.sender.isDead(world.now)).toBe(true);
  });

  const id = fc.integer({ min: 1, max: 12 });
  const step = fc.oneof(
    fc.constant((world: World) => void world.open()),
    id.map((which) => (world: World) => world.connect(which)),
    fc.tuple(id, fc.nat(1000)).map(
      ([which, bytes]) =>
        (world: World) =>
          world.relay(which, bytes),
    ),
    id.map((which) => (world: World) => world.close(which)),
    fc.constant((world: World) => world.tick()),
    fc.constant((world: World) => world.deliver()),
    fc.boolean().map((isUp) => (world: World) => world.link(isUp)),
    fc.constantFrom('there' as const, 'back' as const).map((way) => (world: World) => world.lose(way)),
    fc.constant((world: World) => world.restartSender()),
    fc.constant((world: World) => world.restartReceiver()),
  );
  it('are those of the sender once the link is up, whatever broke, was lost or started again', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        world.link(true);
        for (const take of steps) take(world);
        if (!world.isUp) world.link(true);
        world.settle();
        expect(world.receiver.table).toEqual(world.sessions);
        expect(world.sender.lag).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
