/** Numbers as JWK members hold them: big-endian bytes in base64url (RFC 7518, 2 and 6). */
export const numberOf = (text: string): bigint => BigInt(`0x0${Buffer.from(text, 'base64url').toString('hex')}`)

/** A number in as few bytes as it needs. */
export function textOf(number: bigint): string {
  const digits = number.toString(16)
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex').toString('base64url')
}

/** A number's bytes without zeros in front. */
export function withoutZeros(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(first < 0 ? bytes.length : first)
}

/** A number in so many bytes; undefined if it needs more. Zeros in front may be missing, or be too many. */
export function octetsOf(text: string, bytes: number): Buffer | undefined {
  const octets = withoutZeros(Buffer.from(text, 'base64url'))
  return octets.length > bytes ? undefined : Buffer.concat([Buffer.alloc(bytes - octets.length), octets])
}
