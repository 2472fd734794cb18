import { describe, expect, it } from 'vitest';
import { LinkType } from '../../packet/link-type.ts';
import { PacketType } from '../../packet/wire/frame.ts';
import { HTTP_GET, type Sending, Talk, watch } from '../test-frames.ts';
import { guessPlace, isInitialTtl, type PlaceGuess } from './vantage.ts';

function guess(talks: readonly Talk[], link?: number): PlaceGuess {
  const { watches, cooked } = watch(talks, link === undefined ? {} : { link });
  return guessPlace(watches, cooked);
}

/** A handshake and a request, with these TTLs; the answers take this many seconds at the far and near end. */
function talk(client: Sending, server: Sending, toServer = 0.02, toClient = 0.0001, port = 40000): Talk {
  const t = new Talk({ client: `10.0.0.1 ${port}` }).client(0, { flags: 'SYN', ...client });
  t.server(toServer, { flags: 'SYN ACK', ...server }).client(toServer + toClient, client);
  return t.client(1, { payload: HTTP_GET, ...client }).server(1.02, server);
}

describe('guessPlace by TTL', () => {
  const place = (client: number, server: number): string =>
    guess([talk({ ttl: client }, { ttl: server })]).place;

  it('is beside the end whose TTL is untouched', () => {
    expect([place(64, 63), place(128, 53), place(63, 64), place(127, 255)]).toEqual([
      'client',
      'client',
      'server',
      'server',
    ]);
  });

  it('is between two decremented ones', () => {
    expect(place(63, 62)).toBe('node');
  });
});

describe('guessPlace by the handshake, where both TTLs are untouched', () => {
  const place = (toServer: number, toClient: number): string =>
    guess([talk({ ttl: 64 }, { ttl: 64 }, toServer, toClient)]).place;

  it('is beside the end that answers at least twice as fast', () => {
    expect([place(0.02, 0.0001), place(0.0001, 0.02), place(0.02, 0.011)]).toEqual([
      'client',
      'server',
      'unknown',
    ]);
  });

  it('is not told by the few that chance drew apart among many that are alike', () => {
    const at = (toServer: number, i: number) => talk({ ttl: 64 }, { ttl: 64 }, toServer, 0.00002, 40000 + i);
    const alike = [0.000018, 0.000021, 0.000025].map(at);
    expect(guess([at(0.00005, 9), ...alike]).place).toBe('unknown');
    expect(guess([at(0.0003, 8), at(0.0002, 9), alike[0] as Talk]).place).toBe('client');
  });

  it('is not known where the SYN was repeated: the answer may be to either', () => {
    const t = new Talk().client(0, { flags: 'SYN' }).client(1, { seq: 0, flags: 'SYN' });
    t.server(1.02, { flags: 'SYN ACK', ttl: 64 }).client(1.0201);
    expect(guess([t]).place).toBe('unknown');
  });
});

describe('guessPlace by what a cooked capture says', () => {
  const cooked = (clientType: number, serverType: number): PlaceGuess => {
    const own = { link: 'sll2' as const, packetType: clientType };
    const other = { link: 'sll2' as const, packetType: serverType };
    return guess([talk({ ...own, ttl: 64 }, { ...other, ttl: 64 }, 0.02, 0.02)], LinkType.LinuxSll2);
  };

  it('is where the frames leave', () => {
    expect(cooked(PacketType.Outgoing, PacketType.Host).place).toBe('client');
    expect(cooked(PacketType.Host, PacketType.Outgoing).place).toBe('server');
  });

  it('is a node where frames of one end come and leave', () => {
    const t = talk({ link: 'sll2', ttl: 63 }, { link: 'sll2', ttl: 64 });
    const out = { link: 'sll2' as const, packetType: PacketType.Outgoing, deviceIndex: 3, ttl: 62 };
    t.client(2, { ...out, payload: 5 }).client(3, { ...out, payload: 5 });
    expect(guess([t], LinkType.LinuxSll2).place).toBe('node');
  });

  it('says nothing where no frame left, for then the TTLs must', () => {
    expect(cooked(PacketType.Host, PacketType.Host).place).toBe('unknown');
  });
});

describe('guessPlace over many flows', () => {
  const many = (...kinds: ('c' | 's' | '?')[]): PlaceGuess =>
    guess(
      kinds.map((k, i) => {
        const [client, server] = k === 'c' ? [64, 63] : k === 's' ? [63, 64] : [64, 64];
        return talk({ ttl: client as number }, { ttl: server as number }, 0.02, 0.02, 40000 + i);
      }),
    );

  it('is what six in ten of those say that say anything', () => {
    expect(many('c', 'c', 'c', 's', 's', '?')).toEqual({
      place: 'client',
      votes: 3,
      voters: 5,
      because: "the client's segments have an untouched TTL or answer at once, the server's do not",
    });
    expect(many('c', 's')).toEqual({
      place: 'unknown',
      votes: 0,
      voters: 2,
      because: 'TTLs and handshake times do not agree',
    });
  });

  it('is not known without flows', () => {
    expect(guessPlace([], []).place).toBe('unknown');
  });
});

describe('isInitialTtl', () => {
  it('knows what systems start with', () => {
    expect([64, 128, 255, 63, 60, 127, 254].map(isInitialTtl)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
