import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { type Deletion, newObject, type ObjectDraft, type ObjectVersion, withDraft } from '#core/objects/object.ts'

/** A version of a secret: a value that never changes, and what is said of it. */
export type SecretVersion = ObjectVersion & {
  readonly contentType: string | undefined
  /** The version that was the latest when this one was made. */
  readonly previous: string | undefined
}
export type OpenSecret = SecretVersion & { readonly value: string }
export type DeletedSecret = SecretVersion & Deletion

/** What a caller may say of a new version. */
export type Draft = ObjectDraft & { readonly contentType?: string | undefined }

/** A new version of a name. Nothing is inherited from the version before. */
export const newVersion = (
  name: string,
  version: string,
  draft: Draft,
  at: Instant,
  previous?: string,
): SecretVersion => ({
  ...newObject('secret', name, version, draft, at),
  contentType: draft.contentType,
  previous,
})

/** The same version with other attributes. What isn't said stays; tags are replaced whole; null takes a date away. */
export const withAttributes = (secret: SecretVersion, draft: Draft, at: Instant): SecretVersion => ({
  ...withDraft('secret', secret, draft, at),
  contentType: draft.contentType ?? secret.contentType,
})

export const isDerived = (name: string): Fault =>
  new Fault(
    'conflict',
    `Secret ${name} is made of other secrets, so it can't be set by hand. Set those, or take its template away first: cardea secret underive ${name}`,
    { about: name },
  )

/** A disabled version gives no value. Dates don't matter here: Key Vault serves values before nbf and after exp. */
export function refuseDisabled(secret: SecretVersion): void {
  if (!secret.enabled) throw new Fault('disabled', 'Operation get is not allowed on a disabled secret.')
}
