import type { KeyUsage } from '@cardea/contract/vault/certificates'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { type AsymmetricShape, type Curve, checkShape } from '#base/keys/key.ts'
import type { AlternativeNames } from '#base/x509/wanted.ts'
import { checkWanted } from '#base/x509/wanted-extensions.ts'
import type { Custody } from '#core/keys/key.ts'

/** What a certificate is to be like, and what is to happen before it ends: one policy for all versions of a name. */
export type Policy = {
  readonly key: KeyTerms
  /** How its secret is written. */
  readonly contentType: ContentType
  /** An X.500 name as people write it. */
  readonly subject: string
  readonly sans: AlternativeNames | undefined
  /** Object identifiers. */
  readonly ekus: readonly string[]
  readonly keyUsage: readonly KeyUsage[]
  readonly ca: boolean
  readonly validityMonths: number
  /** None, or one. */
  readonly actions: readonly LifetimeAction[]
  readonly issuer: IssuerTerms
  readonly enabled: boolean
  readonly created: Instant
  readonly updated: Instant
}
export type KeyTerms = {
  /** Whether the private key is in the certificate's secret. */
  readonly exportable: boolean
  readonly custody: Custody
  readonly shape: AsymmetricShape
  /** Whether the next version has the same key. */
  readonly reuse: boolean
}
export type ContentType = 'application/x-pkcs12' | 'application/x-pem-file'
/** `Self`, `Unknown` (whoever brings the certificate), or the name of an issuer that is kept. */
export type IssuerTerms = {
  readonly name: string
  readonly type: string | undefined
  readonly transparency: boolean | undefined
}
/** So much of its life after its beginning, in percent, or so many days before its end. */
export type LifetimeAction = {
  readonly type: 'renew' | 'mail'
  readonly percentage?: number | undefined
  readonly daysBefore?: number | undefined
}

/** What a caller says of a policy. What isn't said is as it was, or as it is by default. */
export type PolicyDraft = {
  readonly key?:
    | {
        readonly exportable?: boolean | undefined
        readonly custody?: Custody | undefined
        readonly type?: AsymmetricShape['type'] | undefined
        readonly bits?: number | undefined
        readonly curve?: Curve | undefined
        readonly reuse?: boolean | undefined
      }
    | undefined
  readonly contentType?: ContentType | undefined
  readonly subject?: string | undefined
  readonly sans?: AlternativeNames | undefined
  readonly ekus?: readonly string[] | undefined
  readonly keyUsage?: readonly KeyUsage[] | undefined
  readonly ca?: boolean | undefined
  readonly validityMonths?: number | undefined
  readonly actions?: readonly LifetimeAction[] | undefined
  readonly issuer?:
    | {
        readonly name?: string | undefined
        readonly type?: string | undefined
        readonly transparency?: boolean | undefined
      }
    | undefined
  readonly enabled?: boolean | undefined
}

const [tlsServer, tlsClient] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']
/** A month counts so many days where the days before an end are limited (`Trigger` in the REST reference). */
const daysOfMonth = 27
const dayMs = 86_400_000
/** As many as are written down of a certificate that is good for ever (RFC 5280, 4.1.2.5). */
const monthsMax = 12_000

export const isSelf = ({ name }: Pick<IssuerTerms, 'name'>): boolean => name.toLowerCase() === 'self'
export const isUnknown = ({ name }: Pick<IssuerTerms, 'name'>): boolean => name.toLowerCase() === 'unknown'

/** The policy that follows from what a caller says; refuses what breaks a rule, and says which. What nobody says is filled in as the service does it. */
export function policyFrom(draft: PolicyDraft, at: Instant, before?: Policy): Policy {
  const policy = assembled(draft, at, before)
  checkWanted(policy)
  return policy
}

/** What a certificate says of itself. */
export type Sayings = Pick<Policy, 'subject' | 'sans' | 'ekus' | 'keyUsage' | 'ca'> & {
  readonly notBefore: Instant
  readonly notAfter: Instant
}

/** The policy of a certificate that was brought along: what that says of itself holds, and what else its owner says (*Import Certificate*). */
export function importedPolicy(draft: PolicyDraft, says: Sayings, shape: AsymmetricShape, at: Instant): Policy {
  const { subject, sans, ekus, keyUsage, ca, notBefore, notAfter } = says
  let validityMonths = 1
  while (monthsAfter(notBefore, validityMonths) < notAfter && validityMonths < monthsMax) validityMonths += 1
  const policy = assembled({ ...draft, ekus, keyUsage, ca, validityMonths }, at, undefined)
  return { ...policy, subject, sans, key: { ...policy.key, shape } }
}

function assembled(draft: PolicyDraft, at: Instant, before: Policy | undefined): Policy {
  const issuer = { ...(before?.issuer ?? unknownIssuer), ...said(draft.issuer ?? {}) }
  const policy: Policy = {
    key: keyFrom(draft.key ?? {}, before?.key),
    contentType: draft.contentType ?? before?.contentType ?? 'application/x-pkcs12',
    subject: draft.subject ?? before?.subject ?? '',
    sans: draft.sans ?? before?.sans,
    ekus: draft.ekus ?? before?.ekus ?? [tlsServer, tlsClient],
    keyUsage: draft.keyUsage ?? before?.keyUsage ?? ['digitalSignature', 'keyEncipherment'],
    ca: draft.ca ?? before?.ca ?? false,
    validityMonths: draft.validityMonths ?? before?.validityMonths ?? 12,
    actions: draft.actions ?? before?.actions ?? [{ type: isUnknown(issuer) ? 'mail' : 'renew', percentage: 80 }],
    issuer,
    enabled: draft.enabled ?? before?.enabled ?? true,
    created: before?.created ?? at,
    updated: at,
  }
  checkActions(policy)
  return policy
}

const unknownIssuer: IssuerTerms = { name: 'Unknown', type: undefined, transparency: undefined }

/** Only what is said: what is undefined replaces nothing. */
const said = <T extends object>(draft: T): { [key in keyof T]?: Exclude<T[key], undefined> } =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as never

const curveOf: Readonly<Record<number, Curve>> = { 256: 'P-256', 384: 'P-384', 521: 'P-521' }
/** The size of a curve's keys, as clients say and are told it beside the curve. */
export const bitsOf = (shape: AsymmetricShape): number =>
  shape.type === 'RSA' ? shape.bits : { 'P-256': 256, 'P-256K': 256, 'P-384': 384, 'P-521': 521 }[shape.curve]

function keyFrom(draft: NonNullable<PolicyDraft['key']>, before: KeyTerms | undefined): KeyTerms {
  const custody = draft.custody ?? before?.custody ?? 'software'
  const exportable = draft.exportable ?? (custody === 'hsm' ? false : (before?.exportable ?? true))
  if (custody === 'hsm' && exportable) {
    throw broken('A key in a hardware security module never leaves it: exportable must be false.', 'exportable')
  }
  const shape = shapeFrom(draft, before?.shape)
  checkShape(shape)
  return { exportable, custody, shape, reuse: draft.reuse ?? before?.reuse ?? false }
}

function shapeFrom(
  { type, bits, curve }: NonNullable<PolicyDraft['key']>,
  before: AsymmetricShape | undefined,
): AsymmetricShape {
  if ((type ?? before?.type ?? (curve === undefined ? 'RSA' : 'EC')) === 'RSA') {
    return { type: 'RSA', bits: bits ?? (before?.type === 'RSA' ? before.bits : 2048) }
  }
  const named = curve ?? (bits === undefined ? undefined : curveOf[bits])
  if (named === undefined && bits !== undefined) throw broken(`There is no curve of ${bits} bits.`, 'key_size')
  const shape = { type: 'EC', curve: named ?? (before?.type === 'EC' ? before.curve : 'P-256') } as const
  if (bits !== undefined && bits !== bitsOf(shape)) {
    throw broken(`Keys on the curve ${shape.curve} have ${bitsOf(shape)} bits, not ${bits}.`, 'key_size')
  }
  return shape
}

function checkActions({ actions, validityMonths }: Policy): void {
  if (actions.length > 1) throw broken('A policy has one lifetime action, or none.', 'lifetime_actions')
  for (const { percentage, daysBefore } of actions) {
    if ((percentage === undefined) === (daysBefore === undefined)) {
      throw broken('A trigger is either lifetime_percentage or days_before_expiry.', 'lifetime_actions')
    }
    if (percentage !== undefined && (percentage < 1 || percentage > 99)) {
      throw broken('lifetime_percentage must be from 1 to 99.', 'lifetime_actions')
    }
    const daysMax = validityMonths * daysOfMonth
    if (daysBefore !== undefined && (daysBefore < 1 || daysBefore > daysMax)) {
      throw broken(
        `days_before_expiry must be from 1 to ${daysMax}: ${daysOfMonth} for each month of validity.`,
        'lifetime_actions',
      )
    }
  }
}

const broken = (words: string, where: string): Fault => new Fault('invalid', words, { where })

type Life = {
  readonly notBefore: Instant | undefined
  readonly expires: Instant | undefined
  readonly enabled: boolean
}

/** When what the policy says is to happen in the life of a version; never to one that is out of use. */
export function actionDue({ actions, enabled }: Policy, version: Life): Instant | undefined {
  const { notBefore, expires } = version
  const [action] = actions
  if (action === undefined || !enabled || !version.enabled || notBefore === undefined || expires === undefined) {
    return undefined
  }
  if (action.daysBefore !== undefined) return expires - action.daysBefore * dayMs
  return notBefore + Math.ceil(((expires - notBefore) * (action.percentage ?? 0)) / 100)
}

/** Whether a version is made for a policy when its time comes; without an issuer only people can be told. */
export const renewsItself = ({ actions, issuer }: Policy): boolean =>
  actions.some(({ type }) => type === 'renew') && !isUnknown(issuer)

/** So many months later, by the calendar. */
export const monthsAfter = (at: Instant, months: number): Instant =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO('UTC').add({ months }).epochMilliseconds
