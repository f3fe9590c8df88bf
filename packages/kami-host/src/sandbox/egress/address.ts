import { BlockList, isIP } from 'node:net';
import { ipv6Groups } from '../../model/ipv6-groups.ts';

/**
 * Who an address belongs to. `private`: a network of the operator's (RFC 1918, shared address space, unique
 * local). `special`: this machine, its link, a cloud's metadata service, or nobody (loopback, link-local,
 * multicast, unspecified, documentation, reserved, tunnels that hide another address).
 */
export type AddressReach = 'public' | 'private' | 'special';

const privateBlocks = blocks(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']);

/** IANA's registries of special-purpose addresses, and metadata services that live outside of them. */
const specialBlocks = blocks([
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '100.100.100.200/32',
  '168.63.129.16/32',
  'fd00:ec2::254/128',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
]);

const globalUnicast = blocks(['2000::/3']);
const mappedPrefix = [0, 0, 0, 0, 0, 0xffff].join(':');
const translatedPrefix = [0x64, 0xff9b, 0, 0, 0, 0].join(':');

/** Judges an address as a resolver gives it. What is no address reaches nothing and counts as `special`. */
export function reachOf(address: string): AddressReach {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return 'special';
  if (family === 4) return reachIn(address, 'ipv4');
  const hidden = hiddenIpv4(address);
  if (hidden !== undefined) return reachIn(hidden, 'ipv4');
  const reach = reachIn(address, 'ipv6');
  return reach !== 'public' || globalUnicast.check(address, 'ipv6') ? reach : 'special';
}

/** A loopback address in any of its spellings. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return false;
  const plain = family === 6 ? (hiddenIpv4(address) ?? address) : address;
  return isIP(plain) === 4 ? plain.startsWith('127.') : ipv6Groups(plain).join(':') === '0:0:0:0:0:0:0:1';
}

function reachIn(address: string, family: 'ipv4' | 'ipv6'): AddressReach {
  if (specialBlocks.check(address, family)) return 'special';
  return privateBlocks.check(address, family) ? 'private' : 'public';
}

/** The IPv4 address behind an IPv4-mapped (RFC 4291) or NAT64 (RFC 6052) one. */
function hiddenIpv4(address: string): string | undefined {
  const groups = ipv6Groups(address);
  const prefix = groups.slice(0, 6).join(':');
  if (prefix !== mappedPrefix && prefix !== translatedPrefix) return undefined;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function blocks(subnets: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/');
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
