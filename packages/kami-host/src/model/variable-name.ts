/** Whether a text can name an environment variable or a secret: letters, digits and `_`, at most 128. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(text);
}
