import { findDeceptive } from './text.ts';
import { accepted, type Check, refused } from './toml/checks.ts';
import { tomlString } from './toml/write.ts';

/** Where a tool finds the files of its own package. */
export const packageGuestPath = '/package';
/** Where a tool finds its private folder. */
export const privateGuestPath = '/sandbox';

const maxLength = 255;
const form = 'an absolute path of the tool\'s own world, such as "/data"';

/**
 * Where a tool sees a mounted folder: absolute, `/` between its parts, none of them empty, `.` or `..`; not one
 * of the places that KAMI fills itself. No colon, because grants are written `mount=/host/path:/data:ro`.
 */
export const guestPath: Check<string> = (value) => {
  if (typeof value !== 'string' || value.length > maxLength) return refused(form, '"/data"');
  const parts = value.split('/').slice(1);
  const mended = `/${parts.filter((part) => !['', '.', '..'].includes(part)).join('/')}`;
  if (!value.startsWith('/') || /[:\\]/.test(value) || findDeceptive(value) !== undefined) {
    return refused(`${form}, without ":" and "\\"`, '"/data"');
  }
  if (mended !== value || value === '/') {
    return refused(
      `${form}, without empty, "." or ".." parts`,
      tomlString(mended === '/' ? '/data' : mended),
    );
  }
  for (const reserved of [packageGuestPath, privateGuestPath]) {
    if (value === reserved || value.startsWith(`${reserved}/`)) {
      return refused(`outside of "${reserved}", which KAMI keeps for the tool's own files`, '"/data"');
    }
  }
  return accepted(value);
};
