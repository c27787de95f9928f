import { createHash } from 'node:crypto'

/**
 * What MariaDB and MySQL keep of a password under `mysql_native_password`: SHA-1 of its SHA-1. Made here, because a
 * password that is sent in clear text stands in the server's logs. Guessing is no danger to 256 random bits.
 */
export const nativeHash = (password: string): string =>
  `*${sha1(sha1(Buffer.from(password)))
    .toString('hex')
    .toUpperCase()}`

const sha1 = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest()
