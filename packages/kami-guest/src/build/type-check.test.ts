import { expect, it } from 'vitest';
import { parseTscOutput } from './type-check.ts';

it('reads what tsc prints, with the lines that go on', () => {
  const output = [
    "src/tool.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.",
    "  The expected type comes from property 'n'.",
    '../shared/x.ts(1,1): error TS1005: expected.',
    "error TS5023: Unknown compiler option 'x'.",
    '',
  ].join('\r\n');
  expect(parseTscOutput('/project', output)).toEqual([
    {
      file: 'src/tool.ts',
      line: 3,
      column: 7,
      code: 'TS2322',
      severity: 'error',
      message:
        "Type 'string' is not assignable to type 'number'.\n  The expected type comes from property 'n'.",
    },
    { file: '../shared/x.ts', line: 1, column: 1, code: 'TS1005', severity: 'error', message: 'expected.' },
    {
      file: 'tsconfig.json',
      line: 0,
      column: 0,
      code: 'TS5023',
      severity: 'error',
      message: "Unknown compiler option 'x'.",
    },
  ]);
});

it('finds nothing in other text', () => {
  expect(parseTscOutput('/project', 'node: not found\n  at x')).toEqual([]);
});
