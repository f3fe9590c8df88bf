import { describe, expect, it } from 'vitest';
import { KamiError } from '../errors/kami-error.ts';
import { parseIntakeAnswer, refusedAnswer } from './intake-answer.ts';
import { maxGlueBytes, maxModules } from './transpiled-component.ts';

const bytes = new Uint8Array(8);
const memory = { initialPages: 1, maximumPages: undefined };
const module = { name: 'component.core.wasm', bytes, memory };
const accepted = (...modules: readonly unknown[]) => ({
  status: 'accepted',
  component: { glue: bytes, modules, reuse: 'reset' },
});
const refused = (init: unknown, code: unknown = 'KAMI_COMPONENT_INVALID') => ({
  status: 'refused',
  code,
  init,
});
const init = { message: 'What happened.', fix: 'What to do.' };

describe('parseIntakeAnswer', () => {
  it.each([
    accepted(),
    accepted(module, { ...module, name: 'component.core2.wasm', memory: undefined }),
    accepted({ ...module, snapshot: { compressed: bytes, size: 100 } }),
    refused(init),
    refused({ ...init, data: { refused: ['vm'] } }),
  ])('takes an answer as it is given, %#', (answer) => {
    expect(parseIntakeAnswer(answer)).toBe(answer);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'accepted'],
    ['a list', [accepted()]],
    ['neither', { status: 'perhaps' }],
    ['no component', { status: 'accepted' }],
    ['glue that is text', { status: 'accepted', component: { glue: 'x', modules: [] } }],
    [
      'endless glue',
      { status: 'accepted', component: { glue: new Uint8Array(maxGlueBytes + 1), modules: [] } },
    ],
    ['no modules', { status: 'accepted', component: { glue: bytes } }],
    ['a module that is none', accepted(null)],
    ['a module without bytes', accepted({ ...module, bytes: [0] })],
    ['a file outside of its folder', accepted({ ...module, name: '../../../escaped.wasm' })],
    ['a snapshot without bytes', accepted({ ...module, snapshot: { size: 4 } })],
    ['a snapshot of half a byte', accepted({ ...module, snapshot: { compressed: bytes, size: 0.5 } })],
    ['a snapshot that is too large', accepted({ ...module, snapshot: { compressed: bytes, size: 2 ** 40 } })],
    [
      'an unknown use of instances',
      { status: 'accepted', component: { glue: bytes, modules: [], reuse: 'yes' } },
    ],
    ['a file that is no module', accepted({ ...module, name: 'glue.mjs' })],
    ['two files of one name', accepted(module, module)],
    [
      'more files than allowed',
      accepted(...Array.from({ length: maxModules + 1 }, (_, n) => ({ ...module, name: `m${n}.wasm` }))),
    ],
    ['a memory without a size', accepted({ ...module, memory: {} })],
    ['a memory of less than nothing', accepted({ ...module, memory: { ...memory, initialPages: -1 } })],
    ['a memory of parts', accepted({ ...module, memory: { ...memory, maximumPages: 1.5 } })],
    ['an unknown code', refused(init, 'KAMI_OTHER')],
    ['a code that every object has', refused(init, 'constructor')],
    ['no words', refused({ message: 'What happened.' })],
    ['endless words', refused({ ...init, message: 'x'.repeat(100_000) })],
    ['data that is a text', refused({ ...init, data: 'x' })],
  ])('refuses %s', (_what, answer) => {
    expect(parseIntakeAnswer(answer)).toBeUndefined();
  });
});

describe('refusedAnswer', () => {
  it('keeps what a reader can use of an error that is as long as a book', () => {
    const names = Array.from({ length: 1_000 }, (_, n) => `${n}${'x'.repeat(100)}`);
    const error = new KamiError('KAMI_COMPONENT_IMPORT_REFUSED', {
      message: `Refused: ${names.join()}`,
      fix: 'Rebuild it.',
      data: { refused: names },
    });
    const answer = parseIntakeAnswer(structuredClone(refusedAnswer(error)));
    expect(answer).toMatchObject({
      code: 'KAMI_COMPONENT_IMPORT_REFUSED',
      init: { message: expect.stringMatching(/^Refused: 0xxx/), fix: 'Rebuild it.' },
    });
    expect(JSON.stringify(answer).length).toBeLessThan(40_000);
  });
});
