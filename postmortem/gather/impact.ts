/** Whom an incident touched: how long they waited, how many bytes were on their way, which clients and services. */
import { type Flow, formatEndpoint, nearestRank, worstStall } from '../../analyzer/index.ts';

export interface Impact {
  /** Flows that a failover may have touched. */
  readonly affected: number;
  /** Worst stalls of affected flows, in seconds; null where none of them stalled. */
  readonly stalls: { readonly p50: number; readonly p95: number; readonly max: number } | null;
  /** Carried in all by affected flows, before and after their stalls. */
  readonly bytesToClients: number;
  readonly bytesToServers: number;
  readonly clients: number;
  /** Those with the most affected flows. */
  readonly services: readonly { readonly name: string; readonly flows: number }[];
  readonly serviceCount: number;
}

/** Nobody reads more. */
const MOST_SERVICES = 8;

export class ImpactSum {
  readonly #stalls: number[] = [];
  readonly #clients = new Set<string>();
  readonly #services = new Map<string, number>();
  #affected = 0;
  #toClients = 0;
  #toServers = 0;

  /** Of an affected flow. */
  add(flow: Flow): void {
    this.#affected += 1;
    this.#toClients += flow.bytesToClient;
    this.#toServers += flow.bytesToServer;
    this.#clients.add(flow.client.address);
    const service = `${flow.protocol === 'udp' ? 'udp ' : ''}${formatEndpoint(flow.server)}`;
    this.#services.set(service, (this.#services.get(service) ?? 0) + 1);
    const stall = worstStall(flow);
    if (stall !== null) this.#stalls.push(stall.duration);
  }

  result(): Impact {
    const stalls = Float64Array.from(this.#stalls).sort();
    const services = [...this.#services]
      .map(([name, flows]) => ({ name, flows }))
      .sort((a, b) => b.flows - a.flows || (a.name < b.name ? -1 : 1));
    return {
      affected: this.#affected,
      stalls:
        stalls.length === 0
          ? null
          : { p50: nearestRank(stalls, 0.5), p95: nearestRank(stalls, 0.95), max: nearestRank(stalls, 1) },
      bytesToClients: this.#toClients,
      bytesToServers: this.#toServers,
      clients: this.#clients.size,
      services: services.slice(0, MOST_SERVICES),
      serviceCount: services.length,
    };
  }
}
