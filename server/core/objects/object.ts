import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'

/**
 * What a vault keeps: names, each with a history of versions. What a version holds never changes; only its attributes do.
 * The latest version is the one created last, also when it is disabled.
 */
export type ObjectVersion = {
  readonly name: string
  readonly version: string
  readonly tags: Readonly<Record<string, string>> | undefined
  readonly enabled: boolean
  readonly notBefore: Instant | undefined
  readonly expires: Instant | undefined
  readonly created: Instant
  readonly updated: Instant
  /** Whether it belongs to a certificate of the same name, which alone changes it. */
  readonly managed: boolean
}

/** What the kinds of objects are called, in ids and in faults. */
export type ObjectKind = 'secret' | 'key' | 'certificate'

/** A name that was deleted and can still be had back, until its purge. */
export type Deletion = { readonly deleted: Instant; readonly purge: Instant }

/**
 * What was answered and isn't to be seen yet. Key Vault takes seconds to show a deletion, a recovery or a purge; we show
 * it at once, unless a client's test wants to meet those seconds.
 */
export type Change = 'deleting' | 'recovering' | 'purging'
/** How long each of them takes, in milliseconds; nothing, as a rule. */
export type Delays = { readonly deleteMs: number; readonly recoverMs: number; readonly purgeMs: number }

/** What a caller may say of a version of any kind. */
export type ObjectDraft = {
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly enabled?: boolean | undefined
  readonly notBefore?: Instant | null | undefined
  readonly expires?: Instant | null | undefined
}

/** Names are unique whatever their case; the spelling of the first writing is kept. */
export const nameKey = (name: string): string => name.toLowerCase()

/** What any new version of a name has. Nothing is inherited from the version before. */
export function newObject(
  kind: ObjectKind,
  name: string,
  version: string,
  draft: ObjectDraft,
  at: Instant,
): ObjectVersion {
  return checked(kind, {
    name,
    version,
    tags: draft.tags,
    enabled: draft.enabled ?? true,
    notBefore: draft.notBefore ?? undefined,
    expires: draft.expires ?? undefined,
    created: at,
    updated: at,
    managed: false,
  })
}

/** The same version with other attributes. What isn't said stays; tags are replaced whole; null takes a date away. */
export function withDraft<V extends ObjectVersion>(kind: ObjectKind, object: V, draft: ObjectDraft, at: Instant): V {
  const date = (given: Instant | null | undefined, kept: Instant | undefined) =>
    given === undefined ? kept : (given ?? undefined)
  return checked(kind, {
    ...object,
    tags: draft.tags ?? object.tags,
    enabled: draft.enabled ?? object.enabled,
    notBefore: date(draft.notBefore, object.notBefore),
    expires: date(draft.expires, object.expires),
    updated: at,
  })
}

function checked<V extends ObjectVersion>(kind: ObjectKind, object: V): V {
  const { notBefore, expires } = object
  if (notBefore !== undefined && expires !== undefined && expires < notBefore) {
    throw new Fault('invalid', `A ${kind} must not expire before it becomes valid: exp is earlier than nbf.`)
  }
  return object
}

export const noSuchObject = (object: ObjectKind, name: string, version?: string): Fault =>
  new Fault('not-found', `There is no ${object} ${name}.`, {
    object,
    about: version === undefined ? name : `${name}/${version}`,
  })

export const noSuchDeletedObject = (object: ObjectKind, name: string): Fault =>
  new Fault('deleted-not-found', `There is no deleted ${object} ${name}.`, { object, about: name })

/** The same at the beginning of a sentence. */
export const spoken = { secret: 'Secret', key: 'Key', certificate: 'Certificate' } as const satisfies Record<
  ObjectKind,
  string
>

export const isDeleted = (object: ObjectKind, name: string): Fault =>
  new Fault('deleted-but-recoverable', `${spoken[object]} ${name} is deleted and can be recovered or purged.`, {
    object,
    about: name,
  })

/** Nothing can be done with a name while something is under way with it; nor can it be given to another object. */
export const isUnsettled = (object: ObjectKind, name: string, change: Change, wanted?: 'name'): Fault =>
  new Fault('unsettled', `${spoken[object]} ${name} is still ${change}; retry later.`, {
    object,
    about: name,
    change,
    ...(wanted !== undefined && { wanted }),
  })

/** What belongs to a certificate lives and changes with that; by itself it is only read and used (*About Azure Key Vault certificates*). */
export function refuseManaged(object: ObjectKind, { managed }: { readonly managed: boolean }, operation: string): void {
  if (!managed) return
  const words = `Operation "${operation}" is not allowed as this object's lifetime is managed by Key Vault.`
  throw new Fault('disabled', words, { object, inner: `${spoken[object]}ManagedByKeyVault` })
}

/** Why a backup can’t be restored under a name that is taken. */
export const alreadyThere = (object: ObjectKind, name: string): Fault =>
  new Fault(
    'conflict',
    `There was a conflict restoring the ${object} '${name}'. This can happen if either: a second ${object} with the same name was created after the backup was taken, or a deleted ${object} of that name can still be recovered.`,
    { about: name },
  )
