import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Hash } from './algorithms.ts'

/**
 * How a digest is dressed for RSA (RFC 8017, 9). Node pads only what it has hashed itself, and we are handed digests; the
 * exponentiation stays Node's. Moduli here have a length in whole bytes, so an encoded message is as long as its modulus.
 */

/** DigestInfo up to the digest itself, in DER (RFC 8017, 9.2, note 1). */
const digestInfo: Readonly<Record<Hash, Buffer>> = {
  sha1: Buffer.from('3021300906052b0e03021a05000414', 'hex'),
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
}

/** A digest with the name of the hash that made it. */
export const digestInfoOf = (hash: Hash, digest: Uint8Array): Buffer => Buffer.concat([digestInfo[hash], digest])

/** EMSA-PKCS1-v1_5 (9.2). */
export const pkcs1Of = (hash: Hash, digest: Uint8Array, bytes: number): Buffer =>
  bareOf(digestInfoOf(hash, digest), bytes)

/** The same padding around bytes as they are. */
export const bareOf = (content: Uint8Array, bytes: number): Buffer =>
  Buffer.concat([Buffer.of(0, 1), Buffer.alloc(bytes - content.length - 3, 0xff), Buffer.of(0), content])

/** EMSA-PSS-ENCODE (9.1.1): the mask is made with the digest's own hash, and the salt is as long as it (RFC 7518, 3.5). */
export function pssOf(hash: Hash, digest: Uint8Array, bytes: number, salt: Uint8Array = randomBytes(digest.length)) {
  const check = pssCheck(hash, digest, salt)
  const dataBytes = bytes - digest.length - 1
  const data = Buffer.concat([Buffer.alloc(dataBytes - salt.length - 1), Buffer.of(1), salt])
  return Buffer.concat([masked(hash, data, check), check, Buffer.of(0xbc)])
}

/** EMSA-PSS-VERIFY (9.1.2): whether an encoded message is of this digest. */
export function isPssOf(hash: Hash, digest: Uint8Array, encoded: Buffer): boolean {
  const dataBytes = encoded.length - digest.length - 1
  const check = encoded.subarray(dataBytes, -1)
  if (encoded.at(-1) !== 0xbc || encoded[0] === undefined || encoded[0] > 0x7f) return false
  const data = masked(hash, encoded.subarray(0, dataBytes), check)
  const saltAt = dataBytes - digest.length
  const head = data.subarray(0, saltAt)
  if (head.at(-1) !== 1 || head.subarray(0, -1).some((byte) => byte !== 0)) return false
  return timingSafeEqual(pssCheck(hash, digest, data.subarray(saltAt)), check)
}

const pssCheck = (hash: Hash, digest: Uint8Array, salt: Uint8Array): Buffer =>
  createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest()

/** The data under its mask, or from under it; the topmost bit stays clear, so that the number is less than the modulus. */
function masked(hash: Hash, data: Buffer, seed: Uint8Array): Buffer {
  const mask = maskOf(hash, seed, data.length)
  const result = Buffer.from(data.map((byte, at) => byte ^ (mask[at] as number)))
  result[0] = (result[0] as number) & 0x7f
  return result
}

/** MGF1 (B.2.1). */
function maskOf(hash: Hash, seed: Uint8Array, bytes: number): Buffer {
  const blocks: Buffer[] = []
  for (let counter = 0, made = 0; made < bytes; counter += 1) {
    const number = Buffer.alloc(4)
    number.writeUInt32BE(counter)
    const block = createHash(hash).update(seed).update(number).digest()
    blocks.push(block)
    made += block.length
  }
  return Buffer.concat(blocks).subarray(0, bytes)
}
