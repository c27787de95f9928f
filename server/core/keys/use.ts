import { checkAlgorithm, type KeyOperation } from '#base/keys/algorithms.ts'
import type { Enciphered, KeptKey, KeyDoor } from '#base/keys/key.ts'
import type { Sight } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type Custodians, doorTo } from './custody.ts'
import { type KeyVersion, refuseUse } from './key.ts'
import { openVersion } from './keys.ts'

type Use = 'keys/encrypt' | 'keys/decrypt' | 'keys/sign' | 'keys/verify' | 'keys/wrap' | 'keys/unwrap'
/** What is needed to use a key: the right to exactly that, proven by the permit of the sight. */
type Using<A extends Use> = {
  readonly sight: Sight<A>
  readonly custodians: Custodians
  readonly vault: Vault
  readonly name: string
  /** The latest if none is named. */
  readonly version: string | undefined
  readonly algorithm: string
}
/** What came of it, and which version was used. */
export type Used<R> = { readonly key: KeyVersion; readonly result: R }

/** Signs a digest. */
export const sign = (using: Using<'keys/sign'>, digest: Uint8Array): Promise<Used<Uint8Array>> =>
  use(using, 'sign', (door, key) => door.sign(key, using.algorithm, digest))

/** Whether a signature is of this key and digest. */
export const verify = (
  using: Using<'keys/verify'>,
  digest: Uint8Array,
  signature: Uint8Array,
): Promise<Used<boolean>> => use(using, 'verify', (door, key) => door.verify(key, using.algorithm, digest, signature))

export const encrypt = (using: Using<'keys/encrypt'>, plain: Enciphered): Promise<Used<Enciphered>> =>
  use(using, 'encrypt', (door, key) => door.encrypt(key, using.algorithm, plain))

export const decrypt = (using: Using<'keys/decrypt'>, cipher: Enciphered): Promise<Used<Uint8Array>> =>
  use(using, 'decrypt', (door, key) => door.decrypt(key, using.algorithm, cipher))

/** Encrypts another key. On RSA the same mathematics as `encrypt`, and another right. */
export const wrap = (using: Using<'keys/wrap'>, plain: Enciphered): Promise<Used<Enciphered>> =>
  use(using, 'wrapKey', (door, key) => door.encrypt(key, using.algorithm, plain))

export const unwrap = (using: Using<'keys/unwrap'>, cipher: Enciphered): Promise<Used<Uint8Array>> =>
  use(using, 'unwrapKey', (door, key) => door.decrypt(key, using.algorithm, cipher))

async function use<A extends Use, R>(
  { sight, custodians, vault, name, version, algorithm }: Using<A>,
  operation: KeyOperation,
  act: (door: KeyDoor, key: KeptKey) => Promise<R>,
): Promise<Used<R>> {
  const open = await openVersion(sight, vault, name, version)
  refuseUse(open.version, operation, sight.at)
  checkAlgorithm(open.key.shape, operation, algorithm)
  const result = await act(doorTo(custodians, open.version.custody, vault), open.key)
  return { key: open.version, result }
}
