/**
 * What a file name says about where it was taken: `node-a.out.pcap.gz` is
 * node-a, its outer side. A name is only a guess until the traffic agrees.
 */
import type { Place } from './vantage.ts';

export interface NamedVantage {
  readonly host: string;
  readonly side?: 'in' | 'out';
  readonly place: Place;
}

const SUFFIX = /\.(pcapng|pcap|cap|ntar|dmp|gz|zst|zstd|lz4)$/i;

/** The host, side and role that a path's last part names; `unknown` where the name says nothing. */
export function vantageFromName(path: string): NamedVantage {
  let base = path.split(/[\\/]/).at(-1) ?? path;
  while (SUFFIX.test(base)) base = base.replace(SUFFIX, '');
  // `node-a.in.2`: the second capture of that side.
  const match = /^(.*?)[._-](in|out|inside|outside)(?:\.\d+)?$/i.exec(base);
  const host = match?.[1] !== undefined && match[1] !== '' ? match[1] : base;
  const place = placeOfHost(host);
  if (match === null) return { host, place };
  return { host, side: (match[2] as string).toLowerCase().startsWith('in') ? 'in' : 'out', place };
}

/** The role that a host's name suggests. */
export function placeOfHost(host: string): Place {
  if (/(^|[^a-z])(client|workstation|laptop)/i.test(host)) return 'client';
  if (/(^|[^a-z])(server|origin|backend|upstream|web)/i.test(host)) return 'server';
  if (
    /(^|[^a-z])(node|fw|firewall|gateway|gw|nat|router|proxy|active|passive|standby|primary|secondary)/i.test(
      host,
    )
  )
    return 'node';
  return 'unknown';
}
