import { Fault } from '../fault.ts'

/**
 * What a key is to those who keep keys. A key that lives in this process's memory and one that never leaves a hardware
 * module go through the same door, so nothing above knows which of the two it asks.
 */
export const curves = ['P-256', 'P-256K', 'P-384', 'P-521'] as const
/** The curves by Key Vault's names; P-256K is secp256k1. */
export type Curve = (typeof curves)[number]

export const rsaSizes = [2048, 3072, 4096] as const
export const octSizes = [128, 192, 256] as const

/** What kind of key it is. Symmetric keys (`oct`) are kept by a hardware module only. */
export type KeyShape =
  | { readonly type: 'RSA'; readonly bits: number }
  | { readonly type: 'EC'; readonly curve: Curve }
  | { readonly type: 'oct'; readonly bits: number }

/** A key that has a public part, and may be kept in software. */
export type AsymmetricShape = Exclude<KeyShape, { readonly type: 'oct' }>

/** What everybody may have, as members of a JWK (RFC 7517 and 7518), in base64url. */
export type PublicPart =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: Curve; readonly x: string; readonly y: string }
  | { readonly kty: 'oct' }

/** Refuses a size that we don't keep. */
export function checkShape(shape: KeyShape): void {
  if (shape.type === 'EC') {
    if (curves.includes(shape.curve)) return
    throw new Fault('invalid', `The curve of an EC key is one of ${curves.join(', ')}.`, { where: 'crv' })
  }
  const sizes: readonly number[] = shape.type === 'RSA' ? rsaSizes : octSizes
  if (sizes.includes(shape.bits)) return
  throw new Fault('invalid', `The size of a key of type ${shape.type} is one of ${sizes.join(', ')} bits.`, {
    where: 'key_size',
  })
}

type Members<Name extends string> = { readonly [name in Name]?: string | undefined }

export const rsaMembers = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const
export const ecMembers = ['x', 'y', 'd'] as const

/** What is sent to be imported, as it was sent: any member may be missing or wrong, and the door says which. */
export type PrivateJwk =
  | ({ readonly kty: 'RSA' } & Members<(typeof rsaMembers)[number]>)
  | ({ readonly kty: 'EC' } & Members<'crv' | (typeof ecMembers)[number]>)
  | ({ readonly kty: 'oct' } & Members<'k'>)

/**
 * A key as it is kept. `secret` is the PKCS#8 of a key in software, or what only the hardware module can unwrap of one of
 * its own; whoever holds it keeps it sealed.
 */
export type KeptKey = { readonly shape: KeyShape; readonly publicPart: PublicPart; readonly secret: Uint8Array }

/** What goes into and comes out of ciphers. All but the value is for symmetric keys. */
export type Enciphered = {
  readonly value: Uint8Array
  readonly iv?: Uint8Array | undefined
  readonly tag?: Uint8Array | undefined
  readonly aad?: Uint8Array | undefined
}

/**
 * Everything that can be done with keys. What is asked wrongly is a Fault that says so (`invalid`); `throttled` when too
 * many others wait; `unavailable` when whoever keeps the keys doesn't answer.
 */
export interface KeyDoor {
  generate(shape: KeyShape): Promise<KeptKey>
  /** Takes a key in that was made elsewhere, if its parts belong together and it is of a size or curve that we keep. */
  adopt(jwk: PrivateJwk): Promise<KeptKey>
  /** Signs a digest of the algorithm's length. ECDSA signatures are r, then s (RFC 7518, 3.4). */
  sign(key: KeptKey, algorithm: string, digest: Uint8Array): Promise<Uint8Array>
  /** Whether a signature is of this key and digest. What can't be a signature at all, isn't one. */
  verify(key: KeptKey, algorithm: string, digest: Uint8Array, signature: Uint8Array): Promise<boolean>
  /** Encrypts and wraps: the mathematics are the same. */
  encrypt(key: KeptKey, algorithm: string, plain: Enciphered): Promise<Enciphered>
  /** Decrypts and unwraps. */
  decrypt(key: KeptKey, algorithm: string, cipher: Enciphered): Promise<Uint8Array>
  close(): Promise<void>
}
