// node scripts/complete-lock.mjs [--check]: adds to package-lock.json the optional packages of other platforms that
// `npm install` left out. npm locks only those that its registry offered (or that fit an earlier node_modules), and
// `npm ci` then refuses the file everywhere. An added entry has the exact version and no hash; npm fills that in.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './lib/workspace.mjs';

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/**
 * What a package is for, from its name, such as `@scope/binding-linux-arm64-musl`.
 * @param {string} name
 * @returns {{ os?: string[], cpu?: string[], libc?: string[] }}
 */
function platformOf(name) {
  const words = name.replace(/^.*\//, '').replace('windows', 'win32').split('-');
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter(
    (processor) => words.includes(processor === 'x64' ? '64' : processor) || words.includes(processor),
  );
  const libc = [/^musl/, /^gnu/].flatMap((c, index) =>
    words.some((word) => c.test(word)) ? [['musl', 'glibc'][index] ?? ''] : [],
  );
  return {
    ...(os.length > 0 && { os }),
    ...(cpu.length > 0 && { cpu }),
    ...(os[0] === 'linux' && libc.length > 0 && { libc }),
  };
}

/**
 * The places where Node looks for a package, nearest first.
 * @param {string} place of the package that asks, such as `node_modules/a/node_modules/b`
 * @param {string} name
 */
function placesFor(place, name) {
  const places = [];
  for (
    let owner = place;
    owner !== '';
    owner = owner.slice(0, Math.max(0, owner.lastIndexOf('/node_modules/')))
  ) {
    places.push(`${owner}/node_modules/${name}`);
  }
  return [...places, `node_modules/${name}`];
}

const file = path.join(root, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const added = [];
for (const [place, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const places = placesFor(place, name);
    const taken = places.find((one) => lock.packages[one] !== undefined);
    // A range can't be told to be kept without the registry: only what nothing provides at all is missing then.
    const exact = /^\d/.test(version);
    if (taken !== undefined && (!exact || lock.packages[taken].version === version)) continue;
    if (!exact) throw new Error(`${place} wants ${name} ${version}: only an exact version can be added`);
    const free = (taken === undefined ? places.at(-1) : places[0]) ?? '';
    const { cpu, libc, os } = platformOf(name);
    lock.packages[free] = {
      version,
      ...(cpu && { cpu }),
      ...(dev && { dev }),
      ...(libc && { libc }),
      optional: true,
      ...(os && { os }),
    };
    added.push(name);
  }
}
if (added.length === 0) console.log('package-lock.json is complete.');
else if (process.argv.includes('--check')) {
  console.error(`package-lock.json lacks ${added.join(', ')}.\n  fix: node scripts/complete-lock.mjs`);
  process.exitCode = 1;
} else {
  // As npm orders them; the repository itself is the empty place and stays first.
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`Added ${added.length}: ${added.join(', ')}`);
}
