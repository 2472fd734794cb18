/** The table is whole, and what is computed from it keeps its promises for every outage and RTO. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advise, connectSeconds, FAIL_FAST, retryPlan, rideThroughSeconds, wordOf } from './advise.ts';
import { type Client, MEASURES, type Setting, type Timer } from './client.ts';
import { CLIENTS } from './table.ts';
import { waitFor } from './wait.ts';

const outage = fc.double({ min: 0.1, max: 2000, noNaN: true });
const rto = fc.option(fc.double({ min: 0.2, max: 1, noNaN: true }), { nil: null });
const client = fc.constantFrom(...CLIENTS);
const timers: [string, Timer][] = CLIENTS.flatMap(({ id, timers: own }) =>
  own.map((timer): [string, Timer] => [`${id} ${timer.name}`, timer]),
);
const find = (id: string): Client => CLIENTS.find((one) => one.id === id) as Client;
const firesAt = ({ firesAfter }: Pick<Setting, 'firesAfter'>): number =>
  firesAfter ?? Number.POSITIVE_INFINITY;

describe('the table', () => {
  it('has every client once', () => {
    const ids = CLIENTS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const wanted of [
      'curl',
      'wget',
      'requests',
      'httpx',
      'go',
      'java',
      'okhttp',
      'node-http',
      'node-fetch',
    ])
      expect(ids).toContain(wanted);
    for (const wanted of [
      'dotnet',
      'grpc',
      'boto3',
      'aws-js',
      'aws-java',
      'aws-go',
      'nginx',
      'haproxy',
      'linux',
    ])
      expect(ids).toContain(wanted);
  });

  it.each(CLIENTS.map((one): [string, Client] => [one.id, one]))('says all of %s', (_id, one) => {
    expect(one.id).toMatch(/^[a-z0-9-]+$/);
    expect(one.title).not.toBe('');
    expect(one.version).toMatch(/\d/);
    expect(one.retry.byDefault).not.toBe('');
    expect(one.retry.set({ attempts: 5, seconds: 60 })).not.toBe('');
    // Something bounds a wait, and something the opening.
    expect(one.timers.some(({ measures, bounds }) => measures !== 'connect' && bounds)).toBe(true);
    expect(one.timers.some(({ measures }) => measures === 'connect')).toBe(true);
    expect(new Set(one.timers.map(({ name }) => name)).size).toBe(one.timers.length);
  });

  it.each(timers)('has a source, a default and a way to write %s', (_name, timer) => {
    expect(MEASURES).toContain(timer.measures);
    expect(timer.byDefault).not.toBe('');
    expect(timer.source.title).not.toBe('');
    expect(timer.source.url).toMatch(/^https:\/\/[a-z0-9.-]+\//);
    if (timer.set === null) return;
    const seconds = Math.ceil(firesAt(timer.set(30)));
    expect(seconds).toBeGreaterThanOrEqual(30);
    expect(timer.set(30).text).toMatch(/\d/);
  });

  it('writes settings that fire no earlier than they are asked to, and later where more is asked', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...timers.map(([, timer]) => timer)),
        fc.double({ min: 1, max: 900, noNaN: true }),
        fc.double({ min: 0, max: 300, noNaN: true }),
        ({ set }, seconds, more) => {
          if (set === null) return;
          expect(firesAt(set(seconds))).toBeGreaterThanOrEqual(seconds);
          expect(firesAt(set(seconds + more))).toBeGreaterThanOrEqual(firesAt(set(seconds)));
        },
      ),
    );
  });
});

describe('an outage', () => {
  it.each([
    // Of the reference's measured matrix: an outage, and when a connection went on.
    [15, 26.5],
    [30, 54.65],
    [60, 109.9],
  ])('of %i s lets connections go on when they were seen to, after %d s', (seconds, seen) => {
    const exact = waitFor(seconds, 0.2).resumes;
    const any = waitFor(seconds, null).resumes;
    for (const interval of [exact, any]) {
      expect(interval?.from).toBeLessThanOrEqual(seen);
      expect(interval?.to).toBeGreaterThanOrEqual(seen);
    }
  });

  it('that is longer is never ridden through by less', () => {
    fc.assert(
      fc.property(outage, outage, rto, (a, b, sender) => {
        const [short, long] = [waitFor(Math.min(a, b), sender), waitFor(Math.max(a, b), sender)];
        for (const seconds of [rideThroughSeconds, connectSeconds])
          expect(seconds(short) ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
            seconds(long) ?? Number.POSITIVE_INFINITY,
          );
        expect(retryPlan(short.outage).attempts).toBeLessThanOrEqual(retryPlan(long.outage).attempts);
        expect(retryPlan(short.outage).seconds).toBeLessThanOrEqual(retryPlan(long.outage).seconds);
      }),
    );
  });

  it('is over before the interval ends, and the interval of a known RTO lies in that of any', () => {
    fc.assert(
      fc.property(outage, fc.double({ min: 0.2, max: 1, noNaN: true }), (seconds, sender) => {
        const known = waitFor(seconds, sender);
        const any = waitFor(seconds, null);
        if (known.resumes === null || any.resumes === null) return;
        expect(known.resumes.from).toBeGreaterThanOrEqual(seconds);
        expect(known.resumes.to).toBeGreaterThanOrEqual(known.resumes.from);
        expect(known.resumes.to).toBeLessThanOrEqual((known.atMost ?? 0) + 1e-9);
        expect(known.atMost).toBeLessThanOrEqual(any.atMost ?? 0);
      }),
    );
  });
});

describe('a connection that is opened in an outage in which no SYN gets through', () => {
  it.each([
    ['curl', 120, null],
    ['nginx', 120, 60],
    ['linux', 120, 131],
    // The path is back in time: the program's own timer is the first that could end it.
    ['curl', 30, 300],
  ])('of %s, %d s long, is ended by the program after %s s, or by its system', (id, seconds, after) => {
    const { connecting } = advise(find(id), waitFor(seconds, null), 'routed');
    expect(connecting.word).toBe(seconds === 120 ? 'fails' : 'goes-on');
    expect(connecting.timer?.firesAfter ?? null).toBe(after);
  });
});

describe('the settings', () => {
  it('that ride through fire after the last moment at which a connection goes on', () => {
    fc.assert(
      fc.property(client, outage, rto, (one, seconds, sender) => {
        const wait = waitFor(seconds, sender);
        const { rideThrough } = advise(one, wait, 'routed');
        expect(rideThrough === null).toBe(wait.atMost === null);
        const tooShort = one.timers.filter((timer) => {
          const setting = rideThrough?.find((found) => found.timer === timer.name) ?? timer;
          if (timer.lastProbe !== undefined)
            return rideThrough !== null && (setting.lastProbe ?? 0) <= seconds;
          const latest = timer.measures === 'connect' ? wait.connects?.to : wait.atMost;
          return rideThrough !== null && timer.set !== null && firesAt(setting) <= (latest ?? 0);
        });
        expect(tooShort.map(({ name }) => name)).toEqual([]);
      }),
    );
  });

  it('that fail fast end every silence within half a minute, whatever the outage is', () => {
    fc.assert(
      fc.property(
        client,
        outage,
        fc.constantFrom('routed' as const, 'proxy' as const),
        (one, seconds, mode) => {
          const { failFast } = advise(one, waitFor(seconds, null), mode);
          const after = one.timers
            .filter(({ measures }) => measures !== 'connect')
            .map((timer) => firesAt(failFast.find((found) => found.timer === timer.name) ?? timer));
          expect(Math.min(...after)).toBeLessThanOrEqual(30);
          for (const setting of failFast)
            expect(firesAt(setting)).toBeGreaterThanOrEqual(
              setting.measures === 'connect' ? FAIL_FAST.connect : FAIL_FAST.silence,
            );
        },
      ),
    );
  });

  it('give the last try a beginning after the outage', () => {
    fc.assert(
      fc.property(outage, (seconds) => {
        const { attempts } = retryPlan(seconds);
        const lastBegins = FAIL_FAST.silence + (attempts - 2) * FAIL_FAST.connect;
        expect(lastBegins).toBeGreaterThanOrEqual(seconds);
      }),
    );
  });

  it('ride through nothing at a proxy', () => {
    for (const one of CLIENTS) expect(advise(one, waitFor(30, null), 'proxy').rideThrough).toBeNull();
  });
});

describe('as delivered, in an outage of 30 s', () => {
  const wait = waitFor(30, null);
  it.each([
    ['wget', 'goes-on', '--read-timeout'],
    ['requests', 'goes-on', undefined],
    ['httpx', 'fails', 'Timeout(read)'],
    ['node-http', 'fails', 'Agent keepAliveMsecs'],
    ['boto3', 'may-fail', 'read_timeout'],
    ['aws-java', 'may-fail', 'socketTimeout'],
  ])('%s: %s', (id, word, timer) => {
    const { byDefault } = advise(find(id), wait, 'routed');
    expect([byDefault.word, byDefault.timer?.name]).toEqual([word, timer]);
  });

  it.each([
    ['requests', 'waits'],
    ['wget', 'fails'],
  ])('at a proxy %s: %s', (id, word) => {
    expect(advise(find(id), wait, 'proxy').byDefault.word).toBe(word);
  });

  it('probes that go on until after the outage keep a connection, and fewer do not', () => {
    const [fetch] = find('node-fetch').timers.filter(({ lastProbe }) => lastProbe !== undefined);
    const word = (outage: number) => wordOf(fetch as Timer, waitFor(outage, null), 'routed');
    // The last of them after 69 s, and a second to wait for its answer.
    expect([word(60), word(69.5), word(71)]).toEqual(['goes-on', 'may-fail', 'fails']);
  });

  it('nginx ends what was about to go on, wget does not', () => {
    const names = (id: string) => advise(find(id), wait, 'routed').inInterval.map(({ name }) => name);
    expect(names('nginx')).toContain('send_timeout');
    expect(names('wget')).toEqual([]);
  });
});
