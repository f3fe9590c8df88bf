import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGrant, noGrant } from '../model/grant.ts';
import { parseGrantItem } from '../model/grant-item.ts';
import type { ToolId } from '../model/ids.ts';
import { sampleTool } from './fixtures/sample-tool.ts';
import type { GrantRepository } from './grant-repository.ts';
import type { ToolRepository } from './tool-repository.ts';

interface Door {
  readonly tools: ToolRepository;
  readonly grants: GrantRepository;
}

interface OpenedRepository extends Door {
  /** A second door to the same data, as another process would have. */
  readonly other: Door;
  readonly close: () => void;
}

const echo = 'dev.example.echo' as ToolId;
const grantor = { by: 'ada', at: new Date('2026-01-02T03:04:05.678Z') };
const grantOf = (...texts: readonly string[]) => createGrant(texts.map(parseGrantItem), grantor);
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000);
const net = parseGrantItem('net=api.example.com');

/** What every adapter of `GrantRepository` does. */
export function describeGrantRepository(adapter: string, open: () => Promise<OpenedRepository>): void {
  describe(`${adapter} as a GrantRepository`, () => {
    let opened: OpenedRepository;
    beforeEach(async () => {
      opened = await open();
      opened.tools.insert(sampleTool(echo));
    });
    afterEach(() => opened.close());

    it('has no grant for a tool that was just installed', () => {
      expect(opened.grants.find(echo)).toBeUndefined();
    });

    it('gives back every field of what was saved', () => {
      const grant = grantOf(
        'net=api.github.com',
        'net=https://*.example.com:8443',
        'fs=sandbox',
        'mount=/srv/it\'s "here":/data:ro',
        'mount=/tmp:/out:rw',
        'env=LANG',
        `credential=api.github.com/Authorization=Bearer \${TOKEN}`,
        'memory=128',
        'time=1500ms',
        'fuel=1000000000000000',
        'requests=2',
        'rate=60',
        'clock=fine',
      );
      opened.grants.save(echo, grant);
      expect(opened.other.grants.find(echo)).toStrictEqual(grant);
      expect(Object.isFrozen(opened.other.grants.find(echo)?.limits)).toBe(true);
    });

    it('replaces a grant as a whole', () => {
      opened.grants.save(echo, grantOf('net=*', 'env=LANG'));
      const smaller = grantOf('env=TZ');
      opened.grants.save(echo, smaller);
      expect(opened.other.grants.find(echo)).toStrictEqual(smaller);
    });

    it('refuses a grant for a tool that is not installed', () => {
      expect(() => opened.grants.save('dev.example.none' as ToolId, noGrant)).toThrow(
        expect.objectContaining({ code: 'KAMI_TOOL_NOT_FOUND' }),
      );
    });

    it('deletes once', () => {
      opened.grants.save(echo, grantOf('net=*'));
      expect([opened.grants.delete(echo), opened.grants.delete(echo)]).toEqual([true, false]);
      expect(opened.other.grants.find(echo)).toBeUndefined();
    });

    it('keeps a grant when its tool is updated, whatever the tool asks for then', () => {
      const grant = grantOf('net=api.example.com');
      opened.grants.save(echo, grant);
      opened.tools.update(
        sampleTool(echo, { version: '9.0.0', request: { ...sampleTool(echo).request, network: ['*'] } }),
      );
      expect(opened.other.grants.find(echo)).toStrictEqual(grant);
    });

    it('leaves nothing for a tool that comes later under the same id', () => {
      opened.grants.save(echo, grantOf('net=*'));
      opened.grants.noteUse(echo, net, at(0));
      opened.grants.noteRefusal(echo, { capability: 'network', subject: 'x', count: 1 }, at(0));
      opened.grants.flush();
      opened.tools.delete(echo);
      opened.tools.insert(sampleTool(echo));
      const { grants } = opened.other;
      expect([grants.find(echo), grants.lastUses(echo).size, grants.refusals(echo)]).toEqual([
        undefined,
        0,
        [],
      ]);
    });

    it('is undone with the transaction around it', () => {
      expect(() =>
        opened.tools.transaction(() => {
          opened.grants.save(echo, grantOf('net=*'));
          throw new Error('stop');
        }),
      ).toThrow('stop');
      expect(opened.other.grants.find(echo)).toBeUndefined();
    });

    it('notes when an item was last used, to the minute', () => {
      const used = () => opened.other.grants.lastUses(echo).get('net=api.example.com');
      opened.grants.noteUse(echo, net, at(0));
      expect(used()).toBe(at(0).toISOString());
      opened.grants.noteUse(echo, net, at(59));
      opened.grants.flush();
      expect(used()).toBe(at(0).toISOString());
      opened.grants.noteUse(echo, net, at(61));
      expect(used()).toBe(at(61).toISOString());
      opened.grants.noteUse(echo, parseGrantItem('env=LANG'), at(62));
      expect(opened.other.grants.lastUses(echo).has('env=LANG')).toBe(false);
      opened.grants.flush();
      expect(opened.other.grants.lastUses(echo).get('env=LANG')).toBe(at(62).toISOString());
    });

    it('adds up refusals, and keeps the latest of them', () => {
      const refuse = (subject: string, seconds: number) =>
        opened.grants.noteRefusal(echo, { capability: 'network', subject, count: 2 }, at(seconds));
      refuse('https://a.example', 0);
      refuse('https://a.example', 10);
      for (let index = 0; index < 200; index += 1) refuse(`https://${index}.example`, 100 + index);
      refuse('https://a.example', 1_000);
      opened.grants.flush();
      const found = opened.other.grants.refusals(echo);
      expect(found).toHaveLength(50);
      expect(found[0]).toMatchObject({ subject: 'https://a.example', lastAt: at(1_000).toISOString() });
      expect(found.at(-1)?.subject).toBe('https://151.example');
    });

    it('notes nothing of a tool that is gone', () => {
      opened.tools.delete(echo);
      opened.grants.noteUse(echo, net, at(0));
      opened.grants.noteRefusal(echo, { capability: 'network', subject: 'x', count: 1 }, at(0));
      opened.grants.flush();
      expect([opened.other.grants.lastUses(echo).size, opened.other.grants.refusals(echo)]).toEqual([0, []]);
    });

    it('does not wait with its notes while another process writes, and loses none', () => {
      opened.other.tools.transaction(() => {
        opened.grants.noteUse(echo, net, at(0));
        opened.grants.flush();
      });
      expect(opened.other.grants.lastUses(echo).size).toBe(0);
      opened.grants.flush();
      expect(opened.other.grants.lastUses(echo).get('net=api.example.com')).toBe(at(0).toISOString());
    });
  });
}
