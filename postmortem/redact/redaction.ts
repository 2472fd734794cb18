/**
 * What stands for what, in one incident: every address, MAC, name and flow id has one replacement, by what it is and in
 * the order of the report, so that the same input gives the same text. Learn everything first, then replace.
 * The trap: in text, anything that has the shape of an address is one, whether it was learned or not.
 */
import type { Flow, Report } from '../../analyzer/index.ts';
import { type Address, formatAddress, formatMac, parseAddress, parseMac } from '../../packet/address.ts';
import { AddressMap, type AddressRole } from './address-map.ts';
import { MacMap } from './mac-map.ts';
import { Names } from './names.ts';

/** Hex digits, colons and dots with at least two colons: a MAC, an IPv6 address, or a time of day; and what a zone adds. */
const WITH_COLONS = /(?<![\p{L}\p{N}:])[\da-f]*:[\da-f]*:[\da-f:.]*(?:%[\w.-]+)?/u;
const WITH_DASHES = /(?<![\p{L}\p{N}-])[\da-f]{2}(?:-[\da-f]{2}){5}(?![\p{L}\p{N}-])/u;
const IPV4 = /(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)/u;
const FLOW_ID = /(?<![\p{L}\p{N}])f[\da-f]{10}(?![\p{L}\p{N}])/u;
/** Of those that begin at one place, the first one counts. */
const SHAPES = [FLOW_ID, WITH_DASHES, WITH_COLONS, IPV4].map(({ source }) => source);

const ALL_IPV4 = new RegExp(IPV4, 'gu');
const ADDRESSES = new RegExp([WITH_DASHES, WITH_COLONS, IPV4].map(({ source }) => source).join('|'), 'giu');

/** What ends a sentence or begins a list is no part of an address; one may end in two colons. */
const bodyOf = (shape: string): string => shape.replace(/\.+$/, '').replace(/(?<!:):$/, '');

export class Redaction {
  readonly addresses = new AddressMap();
  readonly macs = new MacMap(this.addresses);
  readonly #names = new Names();
  readonly #flows = new Map<string, string>();
  #compiled: { names: number; pattern: RegExp } | null = null;

  /** The flows in the report's order; before or after the head. */
  learnFlow(flow: Flow): void {
    const { id, client, server, translated = [], legs = [], claims } = flow;
    this.#reserve(flow);
    if (!this.#flows.has(id)) this.#flows.set(id, `flow-${this.#flows.size + 1}`);
    this.#learnAddress(client.address, 'client');
    this.#learnAddress(server.address, 'server');
    for (const { address } of translated) this.#learnAddress(address, 'other');
    for (const leg of legs)
      for (const { address } of [leg.client, leg.server]) this.#learnAddress(address, 'other');
    this.#learnJournals(claims);
  }

  learnHead(head: Omit<Report, 'flows'>): void {
    const { captures, failovers, path, problems } = head;
    this.#reserve(head);
    for (const { file, format, vantage, interfaces, gaps = [], collector } of captures) {
      const ending = format === 'pcapng' ? '.pcapng' : '.pcap';
      this.#learnFile(file, 'capture', ending);
      const { host, role } = vantage;
      this.learnHost(host, role === 'unknown' ? 'host' : role);
      if (collector !== undefined) this.learnHost(collector.host, 'host');
      for (const name of [...interfaces.map((one) => one.name), ...gaps.map((gap) => gap.interface)])
        if (name !== null) this.#names.learn(name, 'interface');
    }
    for (const { from, to, marks } of failovers) {
      for (const node of [from, to]) if (node !== undefined) this.learnHost(node, 'node');
      this.#learnJournals(marks);
    }
    this.#learnJournals(path.claims);
    for (const { at } of problems)
      if (!/^c\d+$/.test(at.capture)) this.#learnFile(at.capture, 'journal', '.log');
  }

  /** Whatever has the shape of an address or a MAC, in any text of it. */
  #reserve(value: unknown): void {
    if (typeof value === 'string') {
      for (const [found] of value.matchAll(ADDRESSES)) this.#reserveOne(found.split('%')[0] ?? '');
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        this.#reserve(key);
        this.#reserve(inner);
      }
    }
  }

  #reserveOne(found: string): void {
    const body = bodyOf(found);
    const mac = parseMac(body);
    const address = mac >= 0 ? null : parseAddress(body);
    if (mac >= 0) this.macs.learn(mac);
    else if (address !== null) this.addresses.reserve(address);
    else if (found.includes(':')) for (const [inner] of found.matchAll(ALL_IPV4)) this.#reserveOne(inner);
  }

  learnHost(name: string, kind: string): void {
    if (parseAddress(name) === null) this.#names.learn(name, kind);
  }

  /** With everything in it replaced that says who, where, or in which file. */
  text(text: string): string {
    // One pass: what was put in is not looked at again.
    return this.#names.of(text) ?? text.replace(this.#pattern(), (found) => this.#found(found));
  }

  #pattern(): RegExp {
    if (this.#compiled?.names !== this.#names.size) {
      const pattern = new RegExp([...this.#names.patterns(), ...SHAPES].join('|'), 'giu');
      this.#compiled = { names: this.#names.size, pattern };
    }
    return this.#compiled.pattern;
  }

  #found(found: string): string {
    const name = this.#names.of(found);
    if (name !== undefined) return name;
    if (/^f[\da-f]{10}$/i.test(found)) return this.#flows.get(found.toLowerCase()) ?? 'flow';
    if (found.includes(':')) return this.#colons(found);
    const mac = parseMac(found);
    return mac >= 0 ? formatMac(this.macs.map(mac)).replaceAll(':', '-') : this.#ipv4(found);
  }

  #ipv4(found: string): string {
    const address = parseAddress(found);
    return address === null ? found : textOf(this.addresses.map(address));
  }

  #colons(found: string): string {
    const [shape = ''] = found.split('%');
    const body = bodyOf(shape);
    const rest = shape.slice(body.length);
    const mac = parseMac(body);
    if (mac >= 0) return formatMac(this.macs.map(mac)) + rest;
    const address = parseAddress(body);
    if (address !== null) return textOf(this.addresses.map(address)) + rest;
    // With a port behind it that is no part of an address: what stands before is one.
    const [, before = '', port = ''] = /^(.*)(:\d{1,5})$/.exec(body) ?? [];
    const ended = parseAddress(before);
    if (ended !== null) return textOf(this.addresses.map(ended)) + port + rest;
    return shape.replace(ALL_IPV4, (inner) => this.#ipv4(inner));
  }

  #learnAddress(text: string, role: AddressRole): void {
    const address = parseAddress(text);
    if (address !== null) this.addresses.learn(address, role);
    else this.#names.learn(text, role);
  }

  #learnJournals(claims: Report['path']['claims']): void {
    for (const { journal = [] } of claims)
      for (const { file } of journal) this.#learnFile(file, 'journal', '.log');
  }

  /** By its path, and by its name alone. */
  #learnFile(path: string, kind: string, ending: string): void {
    this.#names.learn(path, kind, { ending });
    const name = path.split(/[\\/]/).at(-1) ?? '';
    if (name !== path) this.#names.learn(name, kind, { ending, sameAs: path });
  }
}

const textOf = ({ words, version }: Address): string => formatAddress(words, 0, version);
