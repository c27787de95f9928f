import { answer } from '../worker-line.ts'
import type { AsymmetricShape, KeptKey, PrivateJwk } from './key.ts'
import { keyOfJwk } from './private-jwk.ts'
import { encryptedFor, isSignature } from './public-part.ts'
import { generated, WarmKeys } from './software-key.ts'

/** The thread of keys in software: what `SoftwareKeys` has it do. */
const warm = new WarmKeys()

type Private = Pick<KeptKey, 'shape' | 'secret'>
type Public = Pick<KeptKey, 'shape' | 'publicPart'>
type With<Key> = { readonly key: Key; readonly algorithm: string }

const acts = {
  generate: ({ shape }: { readonly shape: AsymmetricShape }): KeptKey => generated(shape),
  adopt: ({ jwk }: { readonly jwk: PrivateJwk }): KeptKey => keyOfJwk(jwk),
  sign: ({ key, algorithm, digest }: With<Private> & { readonly digest: Uint8Array }): Uint8Array =>
    warm.signature(key, algorithm, digest),
  verify: ({
    key,
    algorithm,
    digest,
    signature,
  }: With<Public> & { readonly digest: Uint8Array; readonly signature: Uint8Array }): boolean =>
    isSignature(key, algorithm, digest, signature),
  encrypt: ({ key, algorithm, plain }: With<Public> & { readonly plain: Uint8Array }): Uint8Array =>
    encryptedFor(key, algorithm, plain),
  decrypt: ({ key, algorithm, cipher }: With<Private> & { readonly cipher: Uint8Array }): Uint8Array =>
    warm.decrypted(key, algorithm, cipher),
}
export type SoftwareActs = typeof acts

answer(acts)
