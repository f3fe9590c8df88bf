import { describe, expect, it } from 'vitest';
import { parseToolId } from '../model/ids.ts';
import { toolNamePattern } from '../model/tool-name.ts';
import { publishedName } from './tool-names.ts';

const name = (id: string) => publishedName(parseToolId(id));

describe('publishedName', () => {
  it('is the id with underscores for dots', () => {
    expect(name('dev.example.echo')).toBe('dev_example_echo');
    expect(name('dev.my-company.my-tool')).toBe('dev_my-company_my-tool');
  });

  it('of every id passes the strictest client', () => {
    for (const id of ['a.b', 'dev.example.echo', `a.${'b'.repeat(126)}`, `${'a.'.repeat(60)}z`]) {
      expect(name(id)).toMatch(toolNamePattern);
    }
  });

  it('never collides, not for long ids that differ at the end, nor for a short one made to look like a long one', () => {
    const stem = `dev.example.${'x'.repeat(60)}`;
    const long = Array.from({ length: 500 }, (_, index) => `${stem}-${index}`);
    const names = new Set(long.map(name));
    expect(names.size).toBe(long.length);
    // A short name has no `__`, since no part of an id is empty; a long one always has.
    expect([...names].every((published) => published.includes('__'))).toBe(true);
    expect(name('a-b.c')).not.toBe(name('a.b-c'));
  });
});
