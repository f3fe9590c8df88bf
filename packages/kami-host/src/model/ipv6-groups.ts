/** The eight groups of an IPv6 address, given as text without brackets and without a zone. */
export function ipv6Groups(address: string): readonly number[] {
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const [left, right] = [head, tail ?? ''].map((part) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)),
  ) as [number[], number[]];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** An IPv6 address in its shortest form, from its eight groups. */
export function ipv6Text(groups: readonly number[]): string {
  const whole = groups.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${whole}]/`).hostname.slice(1, -1);
}
