import { describe, expect, it } from 'vitest';
import { reachOf } from './address.ts';

describe('reachOf', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '172.32.0.1',
    '192.169.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '64:ff9b::808:808',
  ])('%s is public', (address) => expect(reachOf(address)).toBe('public'));

  it.each([
    '10.255.255.255',
    '172.31.255.255',
    '192.168.0.0',
    '100.64.0.0',
    'fc00::',
    'fdff::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
  ])('%s is private', (address) => expect(reachOf(address)).toBe('private'));

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '5f00::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'fd00:ec2::254',
    'ff02::1',
    '',
    'localhost',
    '127.1',
    '2130706433',
  ])('%j is special', (address) => expect(reachOf(address)).toBe('special'));

  it('says the same of an IPv4 address however it is wrapped', () => {
    for (let n = 0; n < 2_000; n++) {
      const parts = Array.from({ length: 4 }, () => Math.floor(Math.random() * 256)) as [
        number,
        number,
        number,
        number,
      ];
      const hex = `${((parts[0] << 8) | parts[1]).toString(16)}:${((parts[2] << 8) | parts[3]).toString(16)}`;
      const reach = reachOf(parts.join('.'));
      expect(reachOf(`::ffff:${parts.join('.')}`)).toBe(reach);
      expect(reachOf(`::ffff:${hex}`)).toBe(reach);
      expect(reachOf(`64:ff9b::${hex}`)).toBe(reach);
    }
  });
});
