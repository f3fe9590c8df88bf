import { randomFillSync } from 'node:crypto';

/** Bytes that one request for random data may ask for. WASI knows no error here, so more is a trap. */
const maxRandomBytes = 1024 * 1024;

function randomBytes(length: bigint): Uint8Array {
  if (length > BigInt(maxRandomBytes)) {
    throw new RangeError(`the tool asked for ${length} random bytes; ${maxRandomBytes} are given at once`);
  }
  return randomFillSync(new Uint8Array(Number(length)));
}

function randomU64(): bigint {
  return randomFillSync(new BigUint64Array(1))[0] as bigint;
}

/** All randomness is the host's cryptographic generator, the "insecure" interfaces too. A call has one seed. */
export function randomInterfaces() {
  let seed: readonly [bigint, bigint] | undefined;
  return {
    'wasi:random/random': { getRandomBytes: randomBytes, getRandomU64: randomU64 },
    'wasi:random/insecure': { getInsecureRandomBytes: randomBytes, getInsecureRandomU64: randomU64 },
    'wasi:random/insecure-seed': {
      insecureSeed: (): [bigint, bigint] => {
        seed ??= [randomU64(), randomU64()];
        return [...seed];
      },
    },
  };
}
