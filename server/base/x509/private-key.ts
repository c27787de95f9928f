import { createPrivateKey } from 'node:crypto'
import { Fault } from '../fault.ts'
import type { PrivateJwk } from '../keys/key.ts'
import { readable } from './readable.ts'

/**
 * A private key as it is imported, from DER: PKCS #8, or the older form of RSA keys or of EC keys. Whether we keep such keys is judged
 * where they are taken in.
 */
export function privateJwkOf(der: Uint8Array, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8'): PrivateJwk {
  return readable(() => {
    const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
    const key = createPrivateKey({ key: bytes, format: 'der', type })
    if (key.asymmetricKeyType === 'rsa') return { ...key.export({ format: 'jwk' }), kty: 'RSA' }
    // Node has no JWK for curves that JOSE doesn't know, and says so by throwing.
    if (key.asymmetricKeyType === 'ec') return { ...key.export({ format: 'jwk' }), kty: 'EC' }
    throw new Fault('invalid', 'The private key of a certificate is of type RSA or EC.', { where: 'value' })
  }, unreadable)
}

const unreadable = (): Fault =>
  new Fault('invalid', 'The private key is damaged, or of a kind that is not kept here.', { where: 'value' })
