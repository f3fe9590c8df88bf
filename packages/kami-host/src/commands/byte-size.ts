const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes as people read them, such as `1.6 MB`; a kB has 1024. */
export function byteSize(bytes: number): string {
  let [size, unit] = [bytes, 0];
  // What would be rounded up to 1024 belongs to the next unit.
  while (size >= 1023.5 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}
