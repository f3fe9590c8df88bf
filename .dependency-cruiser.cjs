/**
 * The floors of docs/ARCHITECTURE.md as law. Run by `npm run check` through scripts/floors.ts.
 * Type imports count (tsPreCompilationDeps). Tests may reach for any room; nothing may import a test.
 */

/** Bottom up. A room imports from the floors below its own, and from no other room of its own floor. */
const floors = [
  ['model', 'errors', 'generated'],
  ['registry', 'manifest', 'policy', 'config', 'terminal', 'process'],
  ['component', 'sandbox'],
  ['runtime'],
  ['install', 'connect'],
  ['mcp', 'dev', 'doctor'],
  ['commands'],
];

/** Neighbours that may be imported all the same, with the reason. */
const doors = [
  { from: 'model', to: 'errors', because: 'reading an id or a version out of text can fail' },
  { from: 'doctor', to: 'mcp', because: 'it judges the names under which clients see tools' },
];

const host = '^packages/kami-host/src';
const tests = '\\.test\\.ts$|/fixtures/|-contract\\.ts$';
const rooms = floors.flat();

const floorRules = floors.flatMap((floor, level) =>
  floor.map((room) => {
    const open = [room, ...floors.slice(0, level).flat()];
    open.push(...doors.filter(({ from }) => from === room).map(({ to }) => to));
    const because = doors.find(({ from }) => from === room)?.because;
    return {
      name: `floor-${level}-${room}`,
      severity: 'error',
      comment:
        `${room}/ is on floor ${level}: it may import ${open.join(', ')}.` +
        (because === undefined ? '' : ` (${doors.find(({ from }) => from === room).to}: ${because}.)`),
      from: { path: `${host}/${room}/`, pathNot: tests },
      to: { path: `${host}/`, pathNot: `${host}/(${open.join('|')})/` },
    };
  }),
);

module.exports = {
  forbidden: [
    ...floorRules,
    {
      name: 'agents-never-grant',
      severity: 'error',
      comment:
        'What speaks to agents has no way to grants and secrets: only an operator at the command line may change them.',
      from: { path: `${host}/mcp/`, pathNot: tests },
      to: { path: `${host}/(install/|registry/(open-registry|sqlite-|grant-|secret-))` },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      comment:
        'Files that import each other in a circle, types included, can only be understood all at once.',
      from: { pathNot: 'node_modules' },
      to: { circular: true },
    },
    {
      name: 'unknown-room',
      severity: 'error',
      comment:
        'A folder that is on no floor: give it one in .dependency-cruiser.cjs and docs/ARCHITECTURE.md.',
      from: { path: `${host}/(?!(${rooms.join('|')})/)[^/]+/` },
      to: {},
    },
    {
      name: 'library-without-command',
      severity: 'error',
      comment: 'index.ts is the library: it must not pull in the command.',
      from: { path: `${host}/index\\.ts$` },
      to: { path: `${host}/(commands/|cli\\.ts|main\\.ts)` },
    },
    {
      name: 'cli-checks-node-first',
      severity: 'error',
      comment:
        'cli.ts runs on any Node: it imports nothing before it has checked the version, and then only main.',
      from: { path: `${host}/cli\\.ts$` },
      to: { pathNot: `${host}/main\\.ts$` },
    },
    {
      name: 'no-import-of-tests',
      severity: 'error',
      comment: 'A test is no library.',
      from: { pathNot: tests },
      to: { path: '\\.test\\.ts$' },
    },
    {
      name: 'guest-is-node-free',
      severity: 'error',
      comment: 'The author imports kami-guest into a component, where there is no Node.',
      from: { path: '^packages/kami-guest/src/(?!build/)', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'guest-does-not-build',
      severity: 'error',
      comment: 'kami-guest/build is for Node; what runs in a component must not reach it.',
      from: { path: '^packages/kami-guest/src/(?!build/)', pathNot: tests },
      to: { path: '^packages/kami-guest/src/build/' },
    },
    {
      name: 'guest-brings-nothing',
      severity: 'error',
      comment: 'The SDK has no runtime dependency: everything it imports would end up in every tool.',
      from: { path: '^packages/kami-guest/src/(?!build/)', pathNot: tests },
      to: { path: 'node_modules/', dependencyTypesNot: ['type-only', 'type-import'] },
    },
    {
      name: 'host-without-tool-chain',
      severity: 'error',
      comment:
        "kami-host loads kami-guest/build from the author's project at run time; only commands/ may import its types.",
      from: { path: `${host}/`, pathNot: `${tests}|${host}/commands/` },
      to: { path: '(^|/)kami-guest(/|$)' },
    },
    {
      name: 'commands-import-types-of-guest-only',
      severity: 'error',
      comment: "An operator has no kami-guest: load kami-guest/build from the author's project at run time.",
      from: { path: `${host}/commands/`, pathNot: tests },
      to: { path: '(^|/)kami-guest(/|$)', dependencyTypesNot: ['type-only', 'type-import'] },
    },
    {
      name: 'guest-without-host',
      severity: 'error',
      comment: 'The author side knows nothing of manifests or registries.',
      from: { path: '^packages/kami-guest/src/', pathNot: tests },
      to: { path: '(^|/)kami-host(/|$)' },
    },
    {
      name: 'scaffolder-alone',
      severity: 'error',
      comment: 'npm create kami-tool starts at once: it imports neither of the other packages.',
      from: { path: '^packages/create-kami-tool/' },
      to: { path: '(^|/)kami-(guest|host)(/|$)' },
    },
    {
      name: 'packages-meet-at-their-doors',
      severity: 'error',
      comment: 'Another package is imported by its name, never by a path into its source.',
      from: { path: '^(packages|examples|bench)/([^/]+)/' },
      to: { path: '^(packages|examples|bench)/[^/]+/src/', pathNot: '^$1/$2/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    moduleSystems: ['es6', 'cjs'],
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    exclude: { path: '(^|/)test-results/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.d.ts', '.mjs', '.js', '.cjs', '.json'],
    },
  },
};
