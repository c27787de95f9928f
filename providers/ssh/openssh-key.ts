import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'

/**
 * An Ed25519 key as OpenSSH keeps it in a file, without a passphrase (PROTOCOL.key of OpenSSH). Made and read here: it is
 * a few fields one after the other, and a value must be known for what it is before any library is loaded.
 */
export type OpensshKey = {
  /** What programs read, to be kept in a file as it is. */
  readonly file: string
  /** The public half in base64, as it stands in `authorized_keys`. */
  readonly blob: string
}

/** The only kind of key that is made. */
export const keyType = 'ssh-ed25519'
const magic = Buffer.from('openssh-key-v1\0')
const begin = '-----BEGIN OPENSSH PRIVATE KEY-----'
const end = '-----END OPENSSH PRIVATE KEY-----'
/** The private part is filled up to a whole number of blocks, though no cipher needs it here. */
const blockBytes = 8

/** A key that nobody has had before. */
export const newKey = (): OpensshKey => keyOf(randomBytes(32))

/** The key that grows from 32 bytes: the same bytes, the same key. */
export function keyOf(seed: Buffer, check: Buffer = randomBytes(4)): OpensshKey {
  const own = publicHalf(seed)
  const blob = Buffer.concat([field(keyType), field(own)])
  const secret = Buffer.concat([check, check, blob, field(Buffer.concat([seed, own])), field('')])
  const filling = Buffer.from(Array.from({ length: -secret.length & (blockBytes - 1) }, (_, index) => index + 1))
  const body = Buffer.concat([
    ...[magic, field('none'), field('none'), field(''), Buffer.from([0, 0, 0, 1]), field(blob)],
    field(Buffer.concat([secret, filling])),
  ])
  const lines = body.toString('base64').match(/.{1,70}/g) ?? []
  return { file: `${[begin, ...lines, end].join('\n')}\n`, blob: blob.toString('base64') }
}

/**
 * The key in a value; undefined where it is none of this kind. The public half is reckoned from the private one and must
 * agree with what the file says: else somebody could have another's line taken away with a file that names their key.
 */
export function keyIn(value: string): OpensshKey | undefined {
  const [, base64] = new RegExp(`^\\s*${begin}([A-Za-z0-9+/=\\s]{1,4096})${end}\\s*$`).exec(value) ?? []
  if (base64 === undefined) return undefined
  try {
    const read = fieldsOf(Buffer.from(base64, 'base64'))
    read.expect(magic)
    for (const word of ['none', 'none', '']) read.expect(field(word))
    read.expect(Buffer.from([0, 0, 0, 1]))
    const blob = read.field()
    const secret = fieldsOf(read.field())
    const check = secret.bytes(4)
    secret.expect(check)
    secret.expect(blob)
    const seed = secret.field().subarray(0, 32)
    const key = keyOf(seed, check)
    return key.blob === blob.toString('base64') ? { file: value, blob: key.blob } : undefined
  } catch {
    // Not a word of what was read: it may be a key after all.
    return undefined
  }
}

function publicHalf(seed: Buffer): Buffer {
  // A private key of this kind in PKCS #8 is these bytes and the seed (RFC 8410, 7).
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  return Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url')
}

/** A field of SSH: its length in four bytes, and itself (RFC 4251, 5). */
function field(bytes: Buffer | string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(bytes))
  return Buffer.concat([length, Buffer.from(bytes)])
}

/** Reads one field after the other, and throws where something else stands than must. */
function fieldsOf(all: Buffer) {
  let at = 0
  const bytes = (length: number): Buffer => {
    if (at + length > all.length) throw new Error('The key ends too early')
    at += length
    return all.subarray(at - length, at)
  }
  return {
    bytes,
    field: (): Buffer => bytes(bytes(4).readUInt32BE()),
    expect(wanted: Buffer): void {
      if (!bytes(wanted.length).equals(wanted)) throw new Error('The key is of another kind')
    },
  }
}
