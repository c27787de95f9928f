import { hash } from 'node:crypto'
import type { Effort } from './effort.ts'

/** What a key is made for (RFC 7292, B.3). */
const purposes = { encryption: 1, iv: 2, mac: 3 } as const
export type Digest = 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'
export const digestBytes: Readonly<Record<Digest, number>> = {
  sha1: 20,
  sha224: 28,
  sha256: 32,
  sha384: 48,
  sha512: 64,
}

export type Hashing = { readonly digest: Digest; readonly salt: Uint8Array; readonly rounds: number }

/**
 * A password as PKCS #12 has it (RFC 7292, B.1): UTF-16, big-endian, and two zeros at the end. No password at all is no bytes,
 * and that is another one than the empty password, which is the two zeros.
 */
export function pkcs12Password(password: string | undefined): Buffer {
  return password === undefined ? Buffer.alloc(0) : Buffer.from(`${password}\0`, 'utf16le').swap16()
}

/** A key of so many bytes from a password (RFC 7292, B.2). */
export function pkcs12Key(
  password: Uint8Array,
  purpose: keyof typeof purposes,
  { digest, salt, rounds }: Hashing,
  bytes: number,
  effort: Effort,
): Buffer {
  const width = digestBytes[digest] > 32 ? 128 : 64
  const filled = (from: Uint8Array): Buffer =>
    Buffer.alloc(from.length === 0 ? 0 : width * Math.ceil(from.length / width), from)
  const diversifier = Buffer.alloc(width, purposes[purpose])
  const input = Buffer.concat([filled(salt), filled(password)])
  const key: Buffer[] = []
  for (let made = 0; made < bytes; made += digestBytes[digest]) {
    effort.spend(rounds)
    let block = hash(digest, Buffer.concat([diversifier, input]), 'buffer')
    for (let round = 1; round < rounds; round++) block = hash(digest, block, 'buffer')
    key.push(block)
    increase(input, filled(block).subarray(0, width), width)
  }
  return Buffer.concat(key).subarray(0, bytes)
}

/** Each part of the input, as one large number, grows by the block and one. */
function increase(input: Buffer, block: Buffer, width: number): void {
  for (let start = 0; start < input.length; start += width) {
    let carry = 1
    for (let at = width - 1; at >= 0; at--) {
      const sum = input[start + at]! + block[at]! + carry
      input[start + at] = sum & 0xff
      carry = sum >> 8
    }
  }
}
