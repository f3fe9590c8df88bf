/** Whether a URI is one of a template (RFC 6570, level 1): each `{name}` stands for some characters without "/", "?" and "#". */
export function matchesTemplate(template: string, uri: string): boolean {
  const fixed = template.split(/\{\w+\}/);
  let at = 0;
  for (const [index, part] of fixed.entries()) {
    // The next fixed part must come after something, and before a "/".
    const from = index === 0 ? 0 : at + 1;
    const found =
      index === 0 ? (uri.startsWith(part) ? 0 : -1) : placeOf(part, uri, from, index === fixed.length - 1);
    if (found === -1 || (index > 0 && /[/?#]/.test(uri.slice(at, found)))) return false;
    at = found + part.length;
  }
  return at === uri.length;
}

function placeOf(part: string, uri: string, from: number, isLast: boolean): number {
  if (!isLast) return uri.indexOf(part, from);
  const place = uri.length - part.length;
  return place >= from && uri.endsWith(part) ? place : -1;
}
