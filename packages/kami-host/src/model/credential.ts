import { hostPattern } from './host-pattern.ts';
import { accepted, type Check, refused } from './toml/checks.ts';
import { isVariableName } from './variable-name.ts';

/** `${NAME}` in the value of a credential: the place of a secret. */
const placeholder = /\$\{([^}]*)\}/g;

/**
 * The exact host that a credential belongs to. A secret is not sent in the clear: `http://` is for this machine
 * only.
 */
export const credentialHost: Check<string> = (value) => {
  const checked = hostPattern(value);
  if (!checked.ok) return checked;
  if (checked.value.includes('*')) {
    return refused('one exact host, since a secret belongs to one', '"api.example.com"');
  }
  if (checked.value.startsWith('tcp://')) {
    return refused('a host of the web, since raw TCP has no headers', '"api.example.com"');
  }
  const local = /^http:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/;
  if (checked.value.startsWith('http://') && !local.test(checked.value)) {
    return refused('reached over https, since a secret is sent there', `"${checked.value.slice(7)}"`);
  }
  return checked;
};

/** Headers that say how a request is sent, or to whom: the host sets these itself. */
const ownHeaders = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export const credentialHeader: Check<string> = (value) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/.test(value)) {
    return refused('the name of a request header', '"Authorization"');
  }
  const name = value.toLowerCase();
  return ownHeaders.has(name) || name.startsWith('proxy-')
    ? refused('a header that carries a credential; KAMI sets this one itself', '"Authorization"')
    : accepted(value);
};

export const credentialValue: Check<string> = (value) => {
  const example = `'Bearer \${API_TOKEN}'`;
  if (typeof value !== 'string' || !/^[\x20-\x7e]{1,1024}$/.test(value) || value !== value.trim()) {
    return refused('a header value of at most 1024 printable ASCII characters', example);
  }
  const names = secretNames(value);
  const rest = value.replaceAll(placeholder, '');
  if (names.length === 0 || rest.includes(`\${`) || !names.every(isVariableName)) {
    return refused(`a value with the name of a secret in it, as \${NAME}`, example);
  }
  return accepted(value);
};

/** Names of the secrets that the value of a credential needs, each once. */
export function secretNames(value: string): readonly string[] {
  return [...new Set([...value.matchAll(placeholder)].map(([, name = '']) => name))];
}

/**
 * The value of a credential with its secrets filled in. Undefined when one is missing, or would not be one line
 * of a header: a secret must not become a second header.
 */
export function fillCredential(value: string, secrets: ReadonlyMap<string, string>): string | undefined {
  const names = secretNames(value);
  if (!names.every((name) => /^[\x20-\x7e]+$/.test(secrets.get(name) ?? ''))) return undefined;
  return value.replaceAll(placeholder, (_whole, name: string) => secrets.get(name) ?? '');
}
