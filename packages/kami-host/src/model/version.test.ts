import { expect, test } from 'vitest';
import { compareVersions, parseVersion, type Version } from './version.ts';

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} should be a version`);
  return parsed;
}

test('reads every part of a version', () => {
  expect(parseVersion('1.20.3-rc.1+build.005')).toEqual({
    major: 1,
    minor: 20,
    patch: 3,
    prerelease: ['rc', '1'],
    build: ['build', '005'],
  });
});

test.each([
  '',
  '1',
  '1.2',
  '1.2.3.4',
  'v1.2.3',
  '01.2.3',
  '1.2.3-',
  '1.2.3-01',
  '1.2.3-a..b',
  '1.2.3+',
  ' 1.2.3',
  '1.2.3\n',
  `1.2.3-${'a'.repeat(64)}`,
  '1.2.99999999999999999',
])('%j is no version', (text) => expect(parseVersion(text)).toBeUndefined());

test('orders versions as semver.org does', () => {
  const ascending = [
    '0.9.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.10.0',
    '2.0.0',
  ];
  const shuffled = ascending.toReversed().map(version).sort(compareVersions);
  expect(shuffled).toEqual(ascending.map(version));
});

test('numbers of any size are compared as numbers', () => {
  const small = version('1.0.0-99999999999999999999');
  const large = version('1.0.0-100000000000000000000');
  expect(compareVersions(small, large)).toBeLessThan(0);
});

test('build metadata does not count', () => {
  expect(compareVersions(version('1.0.0+a'), version('1.0.0+b'))).toBe(0);
});
