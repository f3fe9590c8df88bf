import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sha256 } from '../model/ids.ts';
import { sampleTool } from './fixtures/sample-tool.ts';
import type { ToolRepository } from './tool-repository.ts';

interface OpenedRepository {
  readonly tools: ToolRepository;
  /** A second door to the same data, as another process would have. */
  readonly other: ToolRepository;
  readonly close: () => void;
}

const hashOf = (digit: string): Sha256 => digit.repeat(64) as Sha256;

/** What every adapter of `ToolRepository` does. */
export function describeToolRepository(adapter: string, open: () => Promise<OpenedRepository>): void {
  describe(`${adapter} as a ToolRepository`, () => {
    let opened: OpenedRepository;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    const fill = (...ids: readonly string[]) => {
      for (const id of ids) opened.tools.insert(sampleTool(id));
    };
    const idsOf = (query: Parameters<ToolRepository['findAll']>[0]) =>
      opened.tools.findAll(query).tools.map((tool) => tool.id);

    it('gives back every field of what was put in', () => {
      const full = sampleTool('dev.example.full');
      const sparse = sampleTool('dev.example.sparse', {
        enabled: false,
        limits: { maxMemoryMb: 1, timeoutMs: 1, maxFuel: undefined },
        assets: undefined,
        arguments: [],
        outputSchema: undefined,
        annotations: {},
        convention: 'text',
        sdk: undefined,
        pinnedVersion: undefined,
        signature: undefined,
        signerPublicKey: undefined,
      });
      opened.tools.insert(full);
      opened.tools.insert(sparse);
      expect(opened.other.find(full.id)).toStrictEqual(full);
      expect(opened.other.find(sparse.id)).toStrictEqual(sparse);
      expect(opened.other.findAll().tools).toStrictEqual([full, sparse]);
    });

    it('keeps hostile text as it is', () => {
      const name = `'; DROP TABLE tools; -- %_\\ \u202e "quoted" 🦊 \u0000 end`;
      const inputSchema = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}');
      const tool = sampleTool('dev.example.hostile', { name, inputSchema });
      opened.tools.insert(tool);
      const found = opened.other.find(tool.id);
      expect(found?.name).toBe(name);
      expect(JSON.stringify(found?.inputSchema)).toBe(JSON.stringify(inputSchema));
    });

    it('finds nothing under an id that is not there', () => {
      expect(opened.tools.find(sampleTool('dev.example.none').id)).toBeUndefined();
    });

    it('refuses to insert an id twice and keeps the first', () => {
      fill('dev.example.echo');
      const second = sampleTool('dev.example.echo', { version: '2.0.0' });
      expect(() => opened.tools.insert(second)).toThrow(
        expect.objectContaining({ code: 'KAMI_TOOL_ALREADY_INSTALLED' }),
      );
      expect(opened.tools.find(second.id)?.version).toBe('1.2.3');
    });

    it('updates one tool only, and refuses to update what is not there', () => {
      fill('dev.example.a', 'dev.example.b');
      const changed = sampleTool('dev.example.a', { version: '2.0.0', enabled: false, signature: undefined });
      opened.tools.update(changed);
      expect(opened.other.find(changed.id)).toStrictEqual(changed);
      expect(opened.other.find(sampleTool('dev.example.b').id)?.version).toBe('1.2.3');
      expect(() => opened.tools.update(sampleTool('dev.example.c'))).toThrow(
        expect.objectContaining({ code: 'KAMI_TOOL_NOT_FOUND' }),
      );
    });

    it('deletes once', () => {
      fill('dev.example.a', 'dev.example.b');
      expect(opened.tools.delete('dev.example.a')).toBe(true);
      expect(opened.tools.delete('dev.example.a')).toBe(false);
      expect(opened.other.ids()).toEqual(['dev.example.b']);
    });

    it('pages in the order of ids and counts all that match', () => {
      fill('dev.example.c', 'dev.example.a', 'dev.example.d', 'dev.example.b');
      expect(idsOf({ limit: 2 })).toEqual(['dev.example.a', 'dev.example.b']);
      expect(idsOf({ limit: 2, offset: 3 })).toEqual(['dev.example.d']);
      expect(idsOf({ offset: 2 })).toEqual(['dev.example.c', 'dev.example.d']);
      expect(opened.tools.findAll({ limit: 1, offset: 9 })).toEqual({ tools: [], total: 4, damaged: [] });
      expect(opened.tools.findAll({ limit: 0 }).total).toBe(4);
    });

    it.each([{ limit: -1 }, { limit: 1.5 }, { offset: -1 }, { offset: Number.NaN }])(
      'refuses the page %o',
      (query) => {
        expect(() => opened.tools.findAll(query)).toThrow(expect.objectContaining({ code: 'KAMI_USAGE' }));
      },
    );

    it('filters by id and name, whatever the case', () => {
      opened.tools.insert(sampleTool('dev.example.one', { name: 'Größe messen' }));
      opened.tools.insert(sampleTool('dev.other.two', { name: 'Echo' }));
      expect(idsOf({ filter: 'EXAMPLE' })).toEqual(['dev.example.one']);
      expect(idsOf({ filter: 'GRÖSSE' })).toEqual([]);
      expect(idsOf({ filter: 'GRÖ' })).toEqual(['dev.example.one']);
      expect(idsOf({ filter: 'gro\u0308' })).toEqual(['dev.example.one']);
      expect(idsOf({ filter: 'echo' })).toEqual(['dev.other.two']);
      expect(idsOf({ filter: '' })).toHaveLength(2);
    });

    it('takes %, _, * and \\ in a filter for what they are', () => {
      opened.tools.insert(sampleTool('dev.example.percent', { name: '100% sure' }));
      opened.tools.insert(sampleTool('dev.example.line', { name: 'snake_case' }));
      opened.tools.insert(sampleTool('dev.example.plain', { name: 'plain' }));
      expect(idsOf({ filter: '%' })).toEqual(['dev.example.percent']);
      expect(idsOf({ filter: '_' })).toEqual(['dev.example.line']);
      expect(idsOf({ filter: '*' })).toEqual([]);
      expect(idsOf({ filter: '\\' })).toEqual([]);
    });

    it('leaves disabled tools out when asked to', () => {
      fill('dev.example.on');
      opened.tools.insert(sampleTool('dev.example.off', { enabled: false }));
      expect(idsOf({ enabledOnly: true })).toEqual(['dev.example.on']);
      expect(opened.tools.findAll({ enabledOnly: true }).total).toBe(1);
      expect(idsOf({})).toHaveLength(2);
    });

    it('names every artifact once', () => {
      for (const [id, digit] of [
        ['a', '1'],
        ['b', '1'],
        ['c', '2'],
      ] as const) {
        opened.tools.insert(
          sampleTool(`dev.example.${id}`, { artifact: { sha256: hashOf(digit), size: 1 } }),
        );
      }
      expect(opened.tools.artifacts()).toEqual(new Set([hashOf('1'), hashOf('2')]));
    });

    it('names every tree of assets once, and none for tools that brought none', () => {
      for (const [id, assets] of [
        ['a', hashOf('1')],
        ['b', hashOf('1')],
        ['c', hashOf('2')],
        ['d', undefined],
      ] as const) {
        opened.tools.insert(sampleTool(`dev.example.${id}`, { assets }));
      }
      expect(opened.tools.assets()).toEqual(new Set([hashOf('1'), hashOf('2')]));
    });

    it('commits a transaction as a whole and gives its result', () => {
      const result = opened.tools.transaction(() => {
        fill('dev.example.a', 'dev.example.b');
        expect(opened.other.ids()).toEqual([]);
        return 'done';
      });
      expect(result).toBe('done');
      expect(opened.other.ids()).toEqual(['dev.example.a', 'dev.example.b']);
    });

    it('undoes a transaction that throws, the inner ones too', () => {
      fill('dev.example.before');
      const failure = new Error('stop');
      expect(() =>
        opened.tools.transaction(() => {
          fill('dev.example.a');
          opened.tools.transaction(() => fill('dev.example.b'));
          opened.tools.delete('dev.example.before');
          throw failure;
        }),
      ).toThrow(failure);
      expect(opened.other.ids()).toEqual(['dev.example.before']);
    });

    it('refuses a transaction that would go on after it has ended', () => {
      expect(() => opened.tools.transaction(async () => fill('dev.example.late'))).toThrow(TypeError);
      expect(opened.other.ids()).toEqual([]);
    });
  });
}
