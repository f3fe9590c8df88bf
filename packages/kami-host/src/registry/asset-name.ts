import { findDeceptive } from '../model/text.ts';

const maxNameBytes = 255;
const reservedByWindows = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i;

/**
 * Why a file or folder of this name can't be part of a tool, to follow "…, because its name"; undefined when it can.
 * A tool is packed on one platform and used on another, so a name must be possible on all.
 */
export function assetNameProblem(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'means another folder';
  if (name.includes('\ufffd')) return 'is not UTF-8';
  const character = findDeceptive(name);
  if (character !== undefined) return `has the invisible character ${character}`;
  const forbidden = /[<>:"/\\|?*]/.exec(name)?.[0];
  if (forbidden !== undefined) return `has the character ${forbidden}, which is not possible on Windows`;
  if (/[. ]$/.test(name)) return 'ends with a dot or a space, which is not possible on Windows';
  if (reservedByWindows.test(name)) return 'is that of a device on Windows';
  if (name !== name.normalize('NFC')) return 'is not in the Unicode normal form NFC';
  if (Buffer.byteLength(name) > maxNameBytes) return `is longer than ${maxNameBytes} bytes`;
  return undefined;
}

/** Two paths that are one and the same where case and normal form do not count have the same fold. */
export function foldAssetPath(path: string): string {
  return path.toUpperCase().toLowerCase().normalize('NFC');
}
