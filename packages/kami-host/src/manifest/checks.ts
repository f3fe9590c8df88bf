import { isSha256, type Sha256, type ToolId, toolIdProblem } from '../model/ids.ts';
import { accepted, type Check, plainText, refused } from '../model/toml/checks.ts';
import { tomlString } from '../model/toml/write.ts';
import { isVariableName } from '../model/variable-name.ts';
import { maxVersionLength, parseVersion } from '../model/version.ts';
import { manifestBounds } from './manifest-shapes.ts';

/** Ids that KAMI makes up for components installed without a manifest. */
const reservedIdPrefix = 'local.';

/** A reverse-DNS id that is not reserved. */
export const manifestId: Check<ToolId> = (value) => {
  const form = 'a reverse-DNS name such as "com.example.my-tool"';
  if (typeof value !== 'string') return refused(form, '"com.example.my-tool"');
  const problem = toolIdProblem(value);
  if (problem !== undefined) return refused(`${form}; it ${problem}`, suggestId(value));
  if (value.startsWith(reservedIdPrefix)) {
    const example = tomlString(`com.example.${value.slice(reservedIdPrefix.length)}`);
    return refused(
      `outside of "${reservedIdPrefix}", which is kept for components without a manifest`,
      example,
    );
  }
  return accepted(value as ToolId);
};

function suggestId(text: string): string {
  const mended = text
    .slice(0, 100)
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .split('.')
    .map((part) => part.replace(/^-+|-+$/g, ''))
    .filter((part) => part !== '')
    .join('.');
  const candidate = mended.includes('.') ? mended : `com.example.${mended || 'my-tool'}`;
  return tomlString(toolIdProblem(candidate) === undefined ? candidate : 'com.example.my-tool');
}

/** A full semantic version. */
export const manifestVersion: Check<string> = (value) => {
  if (typeof value === 'string' && parseVersion(value) !== undefined) return accepted(value);
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '';
  const [, major, minor] = /^v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?/.exec(text) ?? [];
  const rest = text.replace(/^v/, '');
  const mended =
    parseVersion(rest) !== undefined
      ? rest
      : major === undefined
        ? '1.0.0'
        : `${Number(major)}.${Number(minor ?? 0)}.0`;
  return refused(
    `a full semantic version of at most ${maxVersionLength} characters, in quotes`,
    `"${mended}"`,
  );
};

/** A file inside the package: relative, `/` between its parts, none of them `..`. The value has no `./` before it. */
export function packagePath(example: string, extension?: string): Check<string> {
  const text = plainText({ maxLength: manifestBounds.path, example });
  const suggestion = tomlString(example);
  return (value) => {
    const checked = text(value);
    if (!checked.ok) return checked;
    const path = checked.value.replace(/^(\.\/+)+/, '');
    if (path.includes('\\')) {
      return refused('written with "/" between its parts', tomlString(path.replaceAll('\\', '/')));
    }
    if (path.startsWith('/') || path.includes(':')) {
      return refused('a path relative to the folder of this file', suggestion);
    }
    const parts = path.split('/');
    if (parts.includes('..')) return refused('a path that stays inside the folder of this file', suggestion);
    if (parts.some((part) => part === '' || part === '.' || part !== part.trim())) {
      return refused('a path without empty parts', suggestion);
    }
    if (extension !== undefined && !path.endsWith(extension)) {
      return refused(`a file that ends with ${extension}`, suggestion);
    }
    return accepted(path);
  };
}

export const sha256: Check<Sha256> = (value) => {
  if (typeof value === 'string' && isSha256(value)) return accepted(value);
  const lower = typeof value === 'string' ? value.toLowerCase().replace(/^sha256:/, '') : '';
  return refused('a SHA-256 as 64 lower-case hexadecimal digits', isSha256(lower) ? `"${lower}"` : undefined);
};

/** Bytes of a known number as base64 or hexadecimal text. */
export function encodedBytes(size: number, what: string): Check<string> {
  const hex = new RegExp(`^[0-9a-fA-F]{${size * 2}}$`);
  return (value) => {
    const isEncoded =
      typeof value === 'string' &&
      (hex.test(value) || (/^[A-Za-z0-9+/]+={0,2}$/.test(value) && isBase64(value, size)));
    return isEncoded ? accepted(value) : refused(`${what}: ${size} bytes as base64 or hexadecimal`);
  };
}

function isBase64(text: string, size: number): boolean {
  return text.length === Math.ceil(size / 3) * 4 && Buffer.from(text, 'base64').length === size;
}

export const variableName: Check<string> = (value) => {
  if (typeof value === 'string' && isVariableName(value)) return accepted(value);
  const mended = typeof value === 'string' ? value.trim().replace(/[^A-Za-z0-9_]/g, '_') : '';
  return refused(
    'the name of a variable: letters, digits and _',
    isVariableName(mended) ? `"${mended}"` : undefined,
  );
};
