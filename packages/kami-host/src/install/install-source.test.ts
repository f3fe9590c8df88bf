import { spawnSync } from 'node:child_process';
import { rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkshop, fakeComponent, manifestText, sha256, type Workshop } from './fixtures/workshop.ts';
import { resolveSource } from './install-source.ts';
import { readComponent } from './read-component.ts';

let shop: Workshop;
beforeEach(async () => {
  shop = await createWorkshop();
});
afterEach(() => shop.close());

const component = fakeComponent();
const source = manifestText({});

/** A project with a build made from it. */
function writeProject(): string {
  shop.write({
    'project/tool.toml': source,
    'project/src/tool.ts': 'export default 1;',
    'project/dist/tool.wasm': component,
    'project/dist/tool.toml': manifestText({ wasm: 'tool.wasm', component }),
    'project/dist/build.json': JSON.stringify({
      inputs: [
        { path: 'tool.toml', sha256: sha256(source) },
        { path: 'src/tool.ts', sha256: sha256('export default 1;') },
      ],
    }),
  });
  return join(shop.folder, 'project');
}

describe('resolveSource', () => {
  it('finds the build of a project, by its folder or its tool.toml', async () => {
    const project = writeProject();
    const found = { wasmPath: join(project, 'dist', 'tool.wasm'), project };
    expect(await resolveSource(project)).toMatchObject({ kind: 'directory', path: project, ...found });
    const toml = join(project, 'tool.toml');
    expect(await resolveSource(toml)).toMatchObject({ kind: 'manifest', path: toml, ...found });
  });

  it('finds a package, by its folder or its tool.toml, also a nested dist', async () => {
    const folder = shop.writePackage('pack', { component });
    const found = { wasmPath: join(folder, 'tool.wasm'), project: undefined };
    expect(await resolveSource(folder)).toMatchObject({ kind: 'directory', ...found });
    expect(await resolveSource(join(folder, 'tool.toml'))).toMatchObject({ kind: 'manifest', ...found });
    const dist = join(writeProject(), 'dist');
    expect(await resolveSource(dist)).toMatchObject({ kind: 'directory', path: dist, project: undefined });
  });

  it('takes a package whose manifest gives no hash, and prefers a build beside it', async () => {
    const folder = shop.writePackage('pack', { component, hash: false });
    expect(await resolveSource(folder)).toMatchObject({ wasmPath: join(folder, 'tool.wasm') });
    shop.write({
      'pack/dist/tool.wasm': component,
      'pack/dist/tool.toml': manifestText({ wasm: 'tool.wasm', component }),
    });
    expect(await resolveSource(folder)).toMatchObject({ wasmPath: join(folder, 'dist', 'tool.wasm') });
  });

  it('takes a component file as it is', async () => {
    shop.write({ 'echo.wasm': component });
    const path = join(shop.folder, 'echo.wasm');
    expect(await resolveSource(path)).toEqual({ kind: 'component', path });
  });

  it.each([
    ['nowhere', 'KAMI_FILE_NOT_FOUND', /no such file/, /kami install/],
    ['https://example.com/tool.zip', 'KAMI_INSTALL_SOURCE_UNKNOWN', /address/, /Download/],
    ['empty', 'KAMI_MANIFEST_NOT_FOUND', /no tool\.toml/, /kami install/],
    ['readme.md', 'KAMI_INSTALL_SOURCE_UNKNOWN', /neither/, /kami install/],
    ['unbuilt', 'KAMI_BUILD_MISSING', /has not been built/, /kami build .*unbuilt$/],
    ['unbuilt/tool.toml', 'KAMI_BUILD_MISSING', /has not been built/, /kami build .*unbuilt$/],
    ['half', 'KAMI_BUILD_MISSING', /tool\.wasm is missing/, /kami build .*half$/],
    ['broken', 'KAMI_MANIFEST_INVALID', /broken/, /./],
  ])('says of %s what is wrong and what to do', async (name, code, message, fix) => {
    shop.write({
      'empty/notes.txt': '',
      'readme.md': '',
      'unbuilt/tool.toml': source,
      'half/tool.toml': source,
      'half/dist/tool.toml': manifestText({ wasm: 'tool.wasm', component }),
      'broken/tool.toml': '[tool\n',
    });
    const path = name.includes('://') ? name : join(shop.folder, name);
    await expect(resolveSource(path)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });

  it.each([
    [
      'a changed source',
      () => shop.write({ 'project/src/tool.ts': 'export default 2;' }),
      /"src\/tool\.ts" has changed/,
    ],
    [
      'a changed tool.toml',
      () => shop.write({ 'project/tool.toml': `${source}\n` }),
      /"tool\.toml" has changed/,
    ],
    ['a missing source', () => rmSync(join(shop.folder, 'project/src/tool.ts')), /no longer there/],
    ['a broken record', () => shop.write({ 'project/dist/build.json': '{"inputs":{}}' }), /build record/],
    ['half a record', () => shop.write({ 'project/dist/build.json': '{"inputs":[' }), /build record/],
  ])('refuses a build that is out of date: %s', async (_name, change, message) => {
    const project = writeProject();
    change();
    await expect(resolveSource(project)).rejects.toMatchObject({
      code: 'KAMI_BUILD_STALE',
      message: expect.stringMatching(message),
      fix: `Build it again: kami build ${project}`,
    });
  });

  it('takes a build without a record for fresh', async () => {
    const project = writeProject();
    rmSync(join(project, 'dist', 'build.json'));
    shop.write({ 'project/src/tool.ts': 'export default 2;' });
    expect(await resolveSource(project)).toMatchObject({ project });
  });

  it.skipIf(process.platform === 'win32')('is not held up by a fifo', async () => {
    const project = writeProject();
    rmSync(join(project, 'src/tool.ts'));
    expect(spawnSync('mkfifo', [join(project, 'src/tool.ts'), join(shop.folder, 'pipe.wasm')]).status).toBe(
      0,
    );
    await expect(resolveSource(project)).rejects.toMatchObject({ code: 'KAMI_BUILD_STALE' });
    await expect(resolveSource(join(shop.folder, 'pipe.wasm'))).rejects.toMatchObject({
      code: 'KAMI_INSTALL_SOURCE_UNKNOWN',
    });
    await expect(
      readComponent({ kind: 'component', path: join(shop.folder, 'pipe.wasm') }),
    ).rejects.toMatchObject({ code: 'KAMI_FILE_UNREADABLE' });
  });
});

describe('readComponent', () => {
  it('refuses bytes that the manifest was not written for', async () => {
    const folder = shop.writePackage('pack', { component });
    writeFileSync(join(folder, 'tool.wasm'), 'other');
    await expect(readComponent(await resolveSource(folder))).rejects.toMatchObject({
      code: 'KAMI_COMPONENT_HASH_MISMATCH',
      data: { expected: sha256(component), found: sha256('other') },
    });
  });

  it('refuses a link that leads out of the package, and follows one that stays inside', async () => {
    const secret = Buffer.from('secret of this machine');
    shop.write({ secret });
    const folder = shop.writePackage('pack', { component: secret });
    rmSync(join(folder, 'tool.wasm'));
    symlinkSync(join(shop.folder, 'secret'), join(folder, 'tool.wasm'));
    await expect(readComponent(await resolveSource(folder))).rejects.toMatchObject({
      code: 'KAMI_MANIFEST_INVALID',
      message: expect.stringContaining('out of the package'),
    });
    rmSync(join(folder, 'tool.wasm'));
    writeFileSync(join(folder, 'real.wasm'), secret);
    symlinkSync('real.wasm', join(folder, 'tool.wasm'));
    expect(await readComponent(await resolveSource(folder))).toEqual(secret);
  });

  it('refuses a file that is too large before reading it', async () => {
    shop.write({ 'huge.wasm': '' });
    const path = join(shop.folder, 'huge.wasm');
    truncateSync(path, 2 ** 40);
    await expect(readComponent({ kind: 'component', path })).rejects.toMatchObject({
      code: 'KAMI_COMPONENT_TOO_LARGE',
    });
  });

  it('says when the package names a component that is not there', async () => {
    const folder = shop.writePackage('pack', { component });
    rmSync(join(folder, 'tool.wasm'));
    await expect(resolveSource(folder).then(readComponent)).rejects.toMatchObject({
      code: 'KAMI_FILE_NOT_FOUND',
      message: expect.stringContaining('tool.wasm'),
    });
  });
});
