import { hash, randomInt } from 'node:crypto'
import { setImmediate as pause } from 'node:timers/promises'

/**
 * What MySQL 8 keeps of a password under `caching_sha2_password`: SHA-crypt with SHA-256 under a salt of twenty
 * characters, and how many thousand rounds it took. Made here, because a password that is sent in clear text depends on
 * the server to keep it out of its logs.
 */
export async function sha2Hash(password: string): Promise<string> {
  if (isTooLong(password)) throw new Error(`MySQL keeps no password of more than ${passwordBytesMax} bytes`)
  // Neither `$`, which ends it, nor NUL, nor anything that a character set could change.
  const salt = Array.from({ length: saltLength }, () => alphabet[randomInt(alphabet.length)]).join('')
  return stored(password, salt, roundsUsual)
}

/** Whether what the server keeps was made of this password. */
export async function isSha2HashOf(kept: string, password: string): Promise<boolean> {
  const [, thousands, salt] = /^\$A\$([0-9A-F]{3})\$(.{20}).{43}$/s.exec(kept) ?? []
  if (thousands === undefined || salt === undefined || isTooLong(password)) return false
  const rounds = Number.parseInt(thousands, 16)
  if (rounds > roundsMax) throw new Error(`The server takes ${rounds},000 rounds for each password, which is too many`)
  return (await stored(password, salt, rounds)) === kept
}

const [saltLength, roundsUsual, roundsMax] = [20, 5, 200]
const roundsAtOnce = 500
const passwordBytesMax = 256
const isTooLong = (password: string): boolean => Buffer.byteLength(password) > passwordBytesMax
const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

async function stored(password: string, salt: string, thousands: number): Promise<string> {
  const count = thousands.toString(16).toUpperCase().padStart(3, '0')
  return `$A$${count}$${salt}${await shaCrypt(Buffer.from(password), Buffer.from(salt, 'latin1'), thousands * 1000)}`
}

const sha256 = (...parts: readonly Buffer[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer')

/** SHA-crypt (Drepper, 2008), whose salt may be longer here than elsewhere. The server says how many rounds: others go on meanwhile. */
export async function shaCrypt(key: Buffer, salt: Buffer, rounds: number): Promise<string> {
  const filled = (bytes: Buffer, length: number): Buffer => Buffer.alloc(length, length === 0 ? undefined : bytes)
  const alternate = sha256(key, salt, key)
  const bits: Buffer[] = []
  for (let left = key.length; left > 0; left >>= 1) bits.push(left & 1 ? alternate : key)
  let sum = sha256(key, salt, filled(alternate, key.length), ...bits)
  const keys = filled(sha256(...Array.from({ length: key.length }, () => key)), key.length)
  const salts = filled(sha256(...Array.from({ length: 16 + (sum[0] ?? 0) }, () => salt)), salt.length)
  const none = Buffer.alloc(0)
  for (let round = 0; round < rounds; round += 1) {
    if (round % roundsAtOnce === 0) await pause()
    const odd = round % 2 === 1
    sum = sha256(odd ? keys : sum, round % 3 ? salts : none, round % 7 ? keys : none, odd ? sum : keys)
  }
  return encoded(sum)
}

/** Three bytes make four characters, in an order of its own; the last two make three. */
function encoded(sum: Buffer): string {
  const at = (index: number): number => sum[index] ?? 0
  const characters = (bits: number, count: number): string =>
    Array.from({ length: count }, (_, index) => alphabet[(bits >> (6 * index)) & 63]).join('')
  const groups = [0, 21, 12, 3, 24, 15, 6, 27, 18, 9].map((first) => {
    const [second, third] = [(first + 10) % 30, (first + 20) % 30]
    return characters((at(first) << 16) | (at(second) << 8) | at(third), 4)
  })
  return groups.join('') + characters((at(31) << 8) | at(30), 3)
}
