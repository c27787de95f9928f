import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { ObjectVersion } from '#core/objects/object.ts'

/** When a key gets its next version by itself, when its end is told, and how long what is made then lives. */
export type RotationPolicy = {
  /** So long after its making a version ends that a rotation made; as it was written. */
  readonly expiryTime: string | undefined
  /** In the order in which they were named; one of them says when the end is told. */
  readonly actions: readonly LifetimeAction[]
  readonly created: Instant
  readonly updated: Instant
}
/** What is to happen in the life of a version: so long after its making, or before its end; as it was written. */
export type LifetimeAction = Rotate | Notify
type Rotate = { readonly type: 'rotate' } & ({ readonly after: string } | { readonly before: string })
type Notify = { readonly type: 'notify'; readonly before: string }

/** What a caller says of a policy, before anything of it is believed. */
export type PolicyDraft = {
  readonly expiryTime: string | null | undefined
  readonly actions: readonly {
    readonly type: string
    readonly timeAfterCreate: string | null | undefined
    readonly timeBeforeExpiry: string | null | undefined
  }[]
}

/** The end is told so long before it if nobody says otherwise, as in Key Vault. */
const notifyByDefault: Notify = { type: 'notify', before: 'P30D' }
const notifyAtLeast: Notify = { type: 'notify', before: 'P7D' }

/** How a key is told of that was never given a policy. */
export const actionsByDefault: readonly LifetimeAction[] = [notifyByDefault]

const [lifeDaysMin, distanceDaysMin, yearsMax] = [28, 7, 100]
const daysOfYear = 365.2425

/** The policy that follows from what a caller says; refuses what breaks a rule, and says which (*Configure cryptographic key auto-rotation*). */
export function policyFrom({ expiryTime, actions }: PolicyDraft, at: Instant, before?: RotationPolicy): RotationPolicy {
  const lifeDays = typeof expiryTime === 'string' ? daysOf(expiryTime, 'attributes.expiryTime') : undefined
  if (lifeDays !== undefined && lifeDays < lifeDaysMin) {
    throw broken(`expiryTime must be at least P${lifeDaysMin}D.`, 'attributes.expiryTime')
  }
  const named = actions.map((action, index) => actionFrom(action, lifeDays, `lifetimeActions[${index}]`))
  for (const type of ['rotate', 'notify'] as const) {
    if (named.filter((action) => action.type === type).length > 1) {
      throw broken(`There may be one action of the type ${spoken[type]}, and no more.`, 'lifetimeActions')
    }
  }
  return {
    expiryTime: expiryTime ?? undefined,
    actions: named.some(({ type }) => type === 'notify') ? named : [...named, notifyWithin(lifeDays)],
    created: before?.created ?? at,
    updated: at,
  }
}

/** What the service calls the actions. */
export const spoken = { rotate: 'Rotate', notify: 'Notify' } as const

/** The default notice, or, in a life too short for that, the shortest that there may be. */
const notifyWithin = (lifeDays: number | undefined): Notify =>
  lifeDays === undefined || lifeDays >= 30 + distanceDaysMin ? notifyByDefault : notifyAtLeast

function actionFrom(
  { type: word, timeAfterCreate, timeBeforeExpiry }: PolicyDraft['actions'][number],
  lifeDays: number | undefined,
  where: string,
): LifetimeAction {
  const type = word.toLowerCase()
  if (type !== 'rotate' && type !== 'notify') {
    throw broken('The type of an action must be Rotate or Notify.', `${where}.action.type`)
  }
  const [after, before] = [timeAfterCreate ?? undefined, timeBeforeExpiry ?? undefined]
  if (before !== undefined && after === undefined) {
    if (type === 'rotate' && lifeDays === undefined) {
      const words = 'A key can be rotated before its expiry only if the policy has an expiryTime.'
      throw broken(words, `${where}.trigger.timeBeforeExpiry`)
    }
    refuseClose(daysOf(before, `${where}.trigger.timeBeforeExpiry`), lifeDays, `${where}.trigger.timeBeforeExpiry`)
    // Written for each type by itself: to the checker, a type that is either doesn't fit into one of them.
    return type === 'rotate' ? { type, before } : { type, before }
  }
  if (after === undefined || before !== undefined) {
    throw broken('A trigger must have either timeAfterCreate or timeBeforeExpiry.', `${where}.trigger`)
  }
  if (type === 'notify') {
    throw broken('The trigger of Notify must be timeBeforeExpiry.', `${where}.trigger.timeAfterCreate`)
  }
  refuseClose(daysOf(after, `${where}.trigger.timeAfterCreate`), lifeDays, `${where}.trigger.timeAfterCreate`)
  return { type, after }
}

/** What a policy has happen lies well within a version's life, from whichever of its ends that is counted. */
function refuseClose(days: number, lifeDays: number | undefined, where: string): void {
  if (days < distanceDaysMin || (lifeDays !== undefined && lifeDays - days < distanceDaysMin)) {
    const words = `What a policy has happen must lie at least P${distanceDaysMin}D after the creation of a version, and as long before its expiry.`
    throw broken(words, where)
  }
}

/**
 * How many days a duration has. Months and years count as many as they have on average, so that a policy isn't good in one
 * month and broken in another.
 */
function daysOf(text: string, where: string): number {
  const { years, months, weeks, days, hours: whole, minutes, seconds } = durationOf(text, where)
  const hours = whole + minutes / 60 + seconds / 3600
  const total = (years + months / 12) * daysOfYear + weeks * 7 + days + hours / 24
  // Of what is longer the end might lie where no calendar reaches.
  if (total > yearsMax * daysOfYear) throw broken(`A duration must not be longer than P${yearsMax}Y.`, where)
  return total
}

function durationOf(text: string, where: string): Temporal.Duration {
  try {
    const duration = Temporal.Duration.from(text)
    if (duration.sign > 0 && !/^[+-]/.test(text)) return duration
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw broken('A duration must be of ISO 8601, as P90D, P18M or P2Y are, and longer than nothing.', where)
}

const broken = (words: string, where: string): Fault => new Fault('invalid', words, { where })

const atUtc = (at: Instant): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO('UTC')

/** So long after a time, by the calendar: a month after the end of January is the end of February. */
const after = (at: Instant, duration: string): Instant => atUtc(at).add(duration).epochMilliseconds
const before = (at: Instant, duration: string): Instant => atUtc(at).subtract(duration).epochMilliseconds

/** When a version ends that a rotation makes now. */
export const expiryOf = (policy: RotationPolicy | undefined, at: Instant): Instant | undefined =>
  policy?.expiryTime === undefined ? undefined : after(at, policy.expiryTime)

type Latest = Pick<ObjectVersion, 'enabled' | 'created' | 'expires'>

/** When the next version of a key is due, if ever; a disabled key rests. */
export function rotationDue(policy: RotationPolicy | undefined, latest: Latest): Instant | undefined {
  const action = policy?.actions.find((one): one is Rotate => one.type === 'rotate')
  if (action === undefined || !latest.enabled) return undefined
  if ('after' in action) return after(latest.created, action.after)
  return latest.expires === undefined ? undefined : before(latest.expires, action.before)
}

/** From when on a version that ends then is near its end. */
export function nearEnd(policy: RotationPolicy | undefined, expires: Instant): Instant {
  const action = policy?.actions.find((one): one is Notify => one.type === 'notify') ?? notifyByDefault
  return before(expires, action.before)
}
