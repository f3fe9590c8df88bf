import { isIP } from 'node:net';
import type {
  IpAddress,
  IpAddressFamily,
  IpSocketAddress,
  Ipv4Address,
  Ipv6Address,
} from '@bytecodealliance/preview2-shim/interfaces/wasi-sockets-network';
import { canonicalHost } from '../../model/host-match.ts';
import { ipv6Groups, ipv6Text } from '../../model/ipv6-groups.ts';
import type { TcpEndpoint } from '../egress/tcp-protocol.ts';

/** An address as the host writes it, as WASI has it. */
export function ipAddress(text: string): IpAddress {
  return text.includes(':')
    ? { tag: 'ipv6', val: [...ipv6Groups(text)] as Ipv6Address }
    : { tag: 'ipv4', val: text.split('.').map(Number) as Ipv4Address };
}

/** Whether it is the name of a host or an address at all, as WASI asks before anybody is asked. */
export function isHost(name: string): boolean {
  // URL parsers leave out a port that is usual for the scheme, so one in the text would go unnoticed.
  if (name.startsWith('[') && !name.endsWith(']')) return false;
  return canonicalHost(isIP(name) === 6 ? `[${name}]` : name) !== undefined;
}

/**
 * Where a guest wants to connect to, as the host takes it. Throws `invalid-argument` for what no connection can go to:
 * no port, no address, many addresses, another family, or an IPv4 address in the clothes of an IPv6 one.
 */
export function endpointOf(address: IpSocketAddress, family: IpAddressFamily): TcpEndpoint {
  const { tag, val } = address;
  if (tag !== family || val.port === 0 || !isUnicast(address)) throw 'invalid-argument';
  return { address: tag === 'ipv4' ? val.address.join('.') : ipv6Text(val.address), port: val.port };
}

/** The address of no interface and no port: what a guest learns of its own end of a connection. */
export function unspecified(family: IpAddressFamily): IpSocketAddress {
  return family === 'ipv4'
    ? { tag: 'ipv4', val: { port: 0, address: [0, 0, 0, 0] } }
    : { tag: 'ipv6', val: { port: 0, flowInfo: 0, address: [0, 0, 0, 0, 0, 0, 0, 0], scopeId: 0 } };
}

/** The endpoint in the form of a grant, such as `tcp://10.0.0.1:5432`. */
export function tcpSubject({ address, port }: TcpEndpoint): string {
  return `tcp://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function isUnicast({ tag, val }: IpSocketAddress): boolean {
  if (tag === 'ipv4') return val.address.some((part) => part !== 0) && val.address[0] < 224;
  const { address, scopeId } = val;
  const isMapped = address.slice(0, 5).every((group) => group === 0) && address[5] === 0xffff;
  const isMulticast = address[0] >= 0xff00;
  return address.some((group) => group !== 0) && !isMapped && !isMulticast && scopeId === 0;
}
