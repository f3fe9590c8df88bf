import { createReadStream } from 'node:fs';
import type { Argv } from 'yargs';
import { KamiError } from '../errors/kami-error.ts';
import { isJsonObject, type JsonObject } from '../model/json.ts';
import { defaultLimits } from '../model/limits.ts';

export interface InputFlags {
  readonly input: string | undefined;
  readonly inputFile: string | undefined;
}

export function inputOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('input', { type: 'string', describe: 'Arguments as JSON, such as \'{"text":"hi"}\'' })
    .option('input-file', {
      type: 'string',
      // Without it yargs takes the lone dash for a positional.
      nargs: 1,
      describe: 'File with the arguments as JSON; - reads stdin',
    })
    .conflicts('input', 'input-file');
}

/**
 * The arguments of a call, from the flags; none are an empty object.
 * @throws KamiError `KAMI_INPUT_NOT_JSON`, `KAMI_INPUT_INVALID` (no object), `KAMI_INPUT_TOO_LARGE`, `KAMI_FILE_…`
 */
export async function readInput({ input, inputFile }: InputFlags): Promise<JsonObject> {
  if (input !== undefined) return parseInput(input, '--input');
  if (inputFile === undefined) return {};
  return inputFile === '-'
    ? parseInput(await readBounded(process.stdin, 'stdin'), 'stdin')
    : parseInput(await readBounded(createReadStream(inputFile), inputFile), inputFile);
}

function parseInput(text: string, where: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new KamiError('KAMI_INPUT_NOT_JSON', {
      message: `The arguments in ${where} are not JSON: ${cause instanceof Error ? cause.message : 'they can not be read'}.`,
      fix: 'Give one JSON object; in a shell, put it in single quotes: --input \'{"name":"value"}\'',
      cause,
    });
  }
  if (isJsonObject(value)) return value;
  throw new KamiError('KAMI_INPUT_INVALID', {
    message: `The arguments in ${where} are JSON, but not an object: a tool takes its arguments by name.`,
    fix: 'Give one JSON object, such as {"name":"value"}',
  });
}

async function readBounded(stream: NodeJS.ReadableStream, where: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > defaultLimits.maxInputBytes) throw tooLarge(where);
      chunks.push(bytes);
    }
  } catch (cause) {
    throw cause instanceof KamiError ? cause : unreadable(where, cause);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(where: string): KamiError {
  return new KamiError('KAMI_INPUT_TOO_LARGE', {
    message: `The arguments in ${where} have more than the ${defaultLimits.maxInputBytes} bytes that a tool takes.`,
    fix: 'Give the tool less data at once.',
  });
}

function unreadable(where: string, cause: unknown): KamiError {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT'
    ? new KamiError('KAMI_FILE_NOT_FOUND', {
        message: `There is no file ${where}.`,
        fix: 'Check the path given to --input-file; - reads stdin.',
        cause,
      })
    : new KamiError('KAMI_FILE_UNREADABLE', {
        message: `${where} can't be read: ${code ?? String(cause)}.`,
        fix: 'Name a file that this user may read.',
        cause,
      });
}
