/** Connections as journals name them: `10.0.1.10:4000-10.0.2.10:80`, `[fd00::10]:4000-[fd00::20]:80`. */

export interface Endpoint {
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

export const endpointText = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

export const tupleText = (tuple: { readonly client: Endpoint; readonly server: Endpoint }): string =>
  `${endpointText(tuple.client)}-${endpointText(tuple.server)}`;
