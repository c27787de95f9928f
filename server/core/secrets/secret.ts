import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'

/**
 * A secret is a name with a history of versions. A version's value never changes; only its attributes do. The latest
 * version is the one created last, also when it is disabled.
 */
export type SecretVersion = {
  readonly name: string
  readonly version: string
  readonly contentType: string | undefined
  readonly tags: Readonly<Record<string, string>> | undefined
  readonly enabled: boolean
  readonly notBefore: Instant | undefined
  readonly expires: Instant | undefined
  readonly created: Instant
  readonly updated: Instant
  /** The version that was the latest when this one was made. */
  readonly previous: string | undefined
}
export type OpenSecret = SecretVersion & { readonly value: string }

/** A name that was deleted and can still be had back, until its purge. */
export type Deletion = { readonly deleted: Instant; readonly purge: Instant }
export type DeletedSecret = SecretVersion & Deletion

/**
 * What was answered and isn't to be seen yet. Key Vault takes seconds to show a deletion, a recovery or a purge; we show
 * it at once, unless a client's test wants to meet those seconds.
 */
export type Change = 'deleting' | 'recovering' | 'purging'
/** How long each of them takes, in milliseconds; nothing, as a rule. */
export type Delays = { readonly deleteMs: number; readonly recoverMs: number; readonly purgeMs: number }

/** What a caller may say of a new version. */
export type Draft = {
  readonly contentType?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly enabled?: boolean | undefined
  readonly notBefore?: Instant | null | undefined
  readonly expires?: Instant | null | undefined
}

/** Names are unique whatever their case; the spelling of the first writing is kept. */
export const nameKey = (name: string): string => name.toLowerCase()

/** A new version of a name. Nothing is inherited from the version before. */
export function newVersion(name: string, version: string, draft: Draft, at: Instant, previous?: string): SecretVersion {
  return checked({
    name,
    version,
    contentType: draft.contentType,
    tags: draft.tags,
    enabled: draft.enabled ?? true,
    notBefore: draft.notBefore ?? undefined,
    expires: draft.expires ?? undefined,
    created: at,
    updated: at,
    previous,
  })
}

/** The same version with other attributes. What isn't said stays; tags are replaced whole; null takes a date away. */
export function withAttributes(secret: SecretVersion, draft: Draft, at: Instant): SecretVersion {
  const date = (given: Instant | null | undefined, kept: Instant | undefined) =>
    given === undefined ? kept : (given ?? undefined)
  return checked({
    ...secret,
    contentType: draft.contentType ?? secret.contentType,
    tags: draft.tags ?? secret.tags,
    enabled: draft.enabled ?? secret.enabled,
    notBefore: date(draft.notBefore, secret.notBefore),
    expires: date(draft.expires, secret.expires),
    updated: at,
  })
}

function checked(secret: SecretVersion): SecretVersion {
  const { notBefore, expires } = secret
  if (notBefore !== undefined && expires !== undefined && expires < notBefore) {
    throw new Fault('invalid', 'A secret must not expire before it becomes valid: exp is earlier than nbf.')
  }
  return secret
}

export const noSuchSecret = (name: string, version?: string): Fault =>
  new Fault('not-found', `There is no secret ${name}.`, { about: version === undefined ? name : `${name}/${version}` })

export const noSuchDeletedSecret = (name: string): Fault =>
  new Fault('deleted-not-found', `There is no deleted secret ${name}.`, { about: name })

export const isDeleted = (name: string): Fault =>
  new Fault('deleted-but-recoverable', `Secret ${name} is deleted and can be recovered or purged.`, { about: name })

export const isDerived = (name: string): Fault =>
  new Fault(
    'conflict',
    `Secret ${name} is made of other secrets, so it can't be set by hand. Set those, or take its template away first: cardea secret underive ${name}`,
    { about: name },
  )

/** Nothing can be done with a name while something is under way with it; nor can it be given to another secret. */
export const isUnsettled = (name: string, change: Change, wanted?: 'name'): Fault =>
  new Fault('unsettled', `Secret ${name} is still ${change}; retry later.`, {
    about: name,
    change,
    ...(wanted !== undefined && { wanted }),
  })

export const alreadyThere = (name: string): Fault =>
  new Fault(
    'conflict',
    `There was a conflict restoring the secret '${name}'. This can happen if either: a second secret with the same name was created after the backup was taken, or a deleted secret of that name can still be recovered.`,
    { about: name },
  )

/** A disabled version gives no value. Dates don't matter here: Key Vault serves values before nbf and after exp. */
export function refuseDisabled(secret: SecretVersion): void {
  if (!secret.enabled) throw new Fault('disabled', 'Operation get is not allowed on a disabled secret.')
}
