import { Transform } from 'node:stream';

const lineEnd = 0x0a;

/**
 * A stream of whole lines: what comes in pieces is put together once, and a line of more than `maxBytes` is left
 * out. Without it the SDK copies what it has for every piece, and ends the connection at a long line.
 * @param onDropped called with the length of a line that was left out, bytes
 */
export function createLineLimit(maxBytes: number, onDropped: (bytes: number) => void): Transform {
  let pieces: Buffer[] = [];
  let size = 0;

  function keep(piece: Buffer): void {
    size += piece.length;
    if (size <= maxBytes) pieces.push(piece);
    else pieces = [];
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let start = 0;
      for (let end = chunk.indexOf(lineEnd); end !== -1; end = chunk.indexOf(lineEnd, start)) {
        keep(chunk.subarray(start, end + 1));
        if (size <= maxBytes) this.push(Buffer.concat(pieces));
        else onDropped(size);
        pieces = [];
        size = 0;
        start = end + 1;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
      done();
    },
  });
}
