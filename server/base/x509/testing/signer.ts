import type { KeptKey } from '../../keys/key.ts'
import { WarmKeys } from '../../keys/software-key.ts'
import type { Signer } from '../signature.ts'

/** For tests: a key in software that signs certificates here and now. */
const warm = new WarmKeys()
const algorithms = { 'P-256': 'ES256', 'P-256K': 'ES256K', 'P-384': 'ES384', 'P-521': 'ES512' } as const

export const signerOf =
  (key: KeptKey): Signer =>
  async (digest) =>
    warm.signature(key, key.publicPart.kty === 'EC' ? algorithms[key.publicPart.crv] : 'RS256', digest)
