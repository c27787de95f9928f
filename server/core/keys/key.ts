import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { KeyOperation } from '#base/keys/algorithms.ts'
import type { KeptKey, KeyShape, PublicPart } from '#base/keys/key.ts'
import type { Deletion, ObjectDraft, ObjectVersion } from '#core/objects/object.ts'

/** Who keeps the private part: this server, sealed, or a hardware security module that never gives it out. */
export type Custody = 'software' | 'hsm'

/** What a version of a key holds that isn't secret; none of it can be changed by who merely writes the database. */
export type Nature = {
  readonly custody: Custody
  readonly shape: KeyShape
  readonly publicPart: PublicPart
  /** What it may be used for, in the order that its owner named them. */
  readonly operations: readonly KeyOperation[]
}
/** A key's version: a key that never changes, and what is said of it. */
export type KeyVersion = ObjectVersion & Nature
export type DeletedKey = KeyVersion & Deletion

/** A key that was made or taken in, and who keeps it. */
export type Made = { readonly custody: Custody; readonly key: KeptKey }

/** What a caller may say of a version. */
export type KeyDraft = ObjectDraft & { readonly operations?: readonly KeyOperation[] | undefined }

/** What a key is good for if nobody says, in Key Vault's order. */
const byDefault: Readonly<Record<KeyShape['type'], readonly KeyOperation[]>> = {
  RSA: ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'],
  EC: ['sign', 'verify'],
  oct: ['wrapKey', 'unwrapKey', 'decrypt', 'encrypt'],
}

/** What a key is that was made, with the operations that its draft names, else those of its type. */
export const natureOf = ({ custody, key: { shape, publicPart } }: Made, draft: KeyDraft): Nature => ({
  custody,
  shape,
  publicPart,
  operations: draft.operations ?? byDefault[shape.type],
})

/** Operations that put something new under a key's protection; what is there already is opened and proven also outside of its dates. */
const withinDates: ReadonlySet<KeyOperation> = new Set(['encrypt', 'sign', 'wrapKey'])

/** Refuses what a key's state forbids: disabled, not meant for it, or outside of its dates (*About keys*, date-time controlled operations). */
export function refuseUse(key: KeyVersion, operation: KeyOperation, at: Instant): void {
  if (!key.enabled) {
    throw new Fault('disabled', `Operation ${operation} is not allowed on a disabled key.`, { inner: 'KeyDisabled' })
  }
  if (!key.operations.includes(operation)) {
    const words = `Operation ${operation} is not permitted on this key: its key_ops are ${key.operations.join(', ')}.`
    throw new Fault('disabled', words, { inner: 'KeyOperationForbidden' })
  }
  if (!withinDates.has(operation)) return
  if (key.notBefore !== undefined && at < key.notBefore) {
    throw new Fault('disabled', `Operation ${operation} is not allowed on a key that is not yet valid.`, {
      inner: 'KeyNotYetValid',
    })
  }
  if (key.expires !== undefined && at >= key.expires) {
    throw new Fault('disabled', `Operation ${operation} is not allowed on an expired key.`, { inner: 'KeyExpired' })
  }
}
