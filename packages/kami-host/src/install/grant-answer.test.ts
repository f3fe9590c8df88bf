import { describe, expect, it } from 'vitest';
import { formatGrantItem, parseGrantItem, parseGrantSelector } from '../model/grant-item.ts';
import { answerByFlags, type GrantQuestion } from './grant-answer.ts';

const open: GrantQuestion['open'] = {
  items: ['net=a.example', 'net=b.example', 'fs=sandbox', 'memory=256'].map(parseGrantItem),
  mounts: [
    { path: '/data', access: 'read-only', reason: undefined },
    { path: '/out', access: 'read-write', reason: undefined },
  ],
};

interface Words {
  readonly yes?: boolean;
  readonly grant?: readonly string[];
  readonly deny?: readonly string[];
  readonly denyAll?: boolean;
}

function answer(isNew: boolean, { yes = false, grant = [], deny = [], denyAll = false }: Words) {
  const flags = { yes, denyAll, grant: grant.map(parseGrantItem), deny: deny.map(parseGrantSelector) };
  const { change, undecided } = answerByFlags({ isNew, open }, flags);
  return {
    granted: change.add.map(formatGrantItem),
    undecided: [...undecided.items.map(formatGrantItem), ...undecided.mounts.map(({ path }) => path)],
  };
}

const everything = ['net=a.example', 'net=b.example', 'fs=sandbox', 'memory=256', '/data', '/out'];

describe('a new tool', () => {
  it('is granted nothing, and everything is open, when nothing is said', () => {
    expect(answer(true, {})).toEqual({ granted: [], undecided: everything });
  });

  it('is granted what it asks for by --yes, but no folder', () => {
    expect(answer(true, { yes: true })).toEqual({ granted: everything.slice(0, 4), undecided: [] });
  });

  it('is granted nothing but what --grant names', () => {
    expect(answer(true, { grant: ['net=c.example'] })).toEqual({ granted: ['net=c.example'], undecided: [] });
    expect(answer(true, { denyAll: true, grant: ['mount=/srv:/data:ro'] }).granted).toEqual([
      'mount=/srv:/data:ro',
    ]);
    expect(answer(true, { yes: true, denyAll: true })).toEqual({ granted: [], undecided: [] });
  });

  it('is granted by --yes what --deny leaves, and what --grant says instead', () => {
    expect(answer(true, { yes: true, deny: ['net', 'memory=256'] }).granted).toEqual(['fs=sandbox']);
    expect(answer(true, { yes: true, grant: ['memory=64'] }).granted).toEqual([
      'net=a.example',
      'net=b.example',
      'fs=sandbox',
      'memory=64',
    ]);
  });

  it('leaves to the person what --deny alone does not answer', () => {
    expect(answer(true, { deny: ['net', 'mount=/data'] }).undecided).toEqual([
      'fs=sandbox',
      'memory=256',
      '/out',
    ]);
  });
});

describe('an update', () => {
  it('is granted nothing new by --yes', () => {
    expect(answer(false, { yes: true })).toEqual({ granted: [], undecided: everything });
  });

  it('is decided when each new part is granted or denied', () => {
    const grant = ['net=a.example', 'memory=128', 'mount=/srv:/data:ro'];
    expect(answer(false, { yes: true, grant }).undecided).toEqual(['net=b.example', 'fs=sandbox', '/out']);
    const deny = ['net=b.example', 'fs', 'mount=/out'];
    expect(answer(false, { yes: true, grant, deny })).toEqual({ granted: grant, undecided: [] });
    expect(answer(false, { denyAll: true })).toEqual({ granted: [], undecided: [] });
  });
});

it('refuses to grant and deny the same', () => {
  for (const deny of ['net', 'net=a.example']) {
    expect(() => answer(true, { grant: ['net=a.example'], deny: [deny] })).toThrow(
      expect.objectContaining({ code: 'KAMI_USAGE', message: expect.stringContaining('net=a.example') }),
    );
  }
});
