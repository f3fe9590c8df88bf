import { KamiError } from '../errors/kami-error.ts';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Reverse-DNS name of a tool, such as `dev.example.echo`. */
export type ToolId = Branded<string, 'ToolId'>;
/** 64 lowercase hexadecimal digits. */
export type Sha256 = Branded<string, 'Sha256'>;

const maxToolIdLength = 128;
const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Why a text is no tool id, or undefined when it is one. */
export function toolIdProblem(text: string): string | undefined {
  if (text.length > maxToolIdLength) return `is longer than ${maxToolIdLength} characters`;
  const labels = text.split('.');
  if (labels.length < 2) return 'needs at least two parts joined by a dot';
  const bad = labels.find((part) => !label.test(part));
  if (bad !== undefined) {
    return `has the part "${bad}", but parts are made of a-z, 0-9 and inner hyphens`;
  }
  if (!/^[a-z]/.test(text)) return 'must begin with a letter';
  return undefined;
}

/**
 * Reads a tool id.
 * @throws KamiError `KAMI_ID_INVALID`
 */
export function parseToolId(text: string): ToolId {
  const problem = toolIdProblem(text);
  if (problem !== undefined) {
    throw new KamiError('KAMI_ID_INVALID', {
      message: `"${text}" is not a tool id: it ${problem}.`,
      fix: 'Use a reverse-DNS name that you own, such as com.example.my-tool.',
    });
  }
  return text as ToolId;
}

export function isSha256(text: string): text is Sha256 {
  return /^[0-9a-f]{64}$/.test(text);
}
