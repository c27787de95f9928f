import { newestVaultVersion } from '@cardea/contract/vault/versions'
import { Fault, type FaultCode } from '#base/fault.ts'

/** How Key Vault says each fault (*Azure Key Vault REST API error codes*, and recorded answers): status, code, inner code, and its own words where clients read them. */
type Saying = {
  readonly status: number
  /** Where a star stands, clients read the kind of thing that it is about: `SecretNotFound`, `KeyNotFound`. */
  readonly code: string
  readonly inner?: string
  readonly words?: (fault: Fault, tenant: Issuer) => string
}
export type Issuer = { readonly issuer: string; readonly vault?: string; readonly location?: string }

/** Which kind of thing a fault is about. */
const objects: Readonly<Record<string, string>> = { key: 'Key', certificate: 'Certificate' }
const objectOf = ({ particulars }: Fault): string => objects[particulars.object ?? ''] ?? 'Secret'

const help = 'For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182'
const notFound = (object: string, about: string): string =>
  `A ${object} with (name/id) ${about} was not found in this key vault. If you recently deleted this ${object} you may be able to recover it using the correct recovery command. ${help}`

const said: Record<FaultCode, Saying> = {
  invalid: { status: 400, code: 'BadParameter' },
  unauthenticated: { status: 401, code: 'Unauthorized' },
  forbidden: {
    status: 403,
    code: 'Forbidden',
    inner: 'ForbiddenByRbac',
    words: ({ message, particulars }, { issuer, vault, location }) =>
      particulars.policy !== undefined
        ? `The user, group or application 'appid=${particulars.appId};oid=${particulars.objectId};numgroups=${particulars.groups};iss=${issuer}' does not have ${particulars.policy} permission on key vault '${vault};location=${location}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`
        : // What network rules refuse was no question of rights.
          particulars.inner !== undefined
          ? message
          : [
              message,
              'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
              ...(particulars.objectId === undefined
                ? []
                : [`Caller: appid=${particulars.appId};oid=${particulars.objectId};iss=${issuer}`]),
              `Action: '${particulars.action}'`,
              `Resource: '${particulars.resource}'`,
              'Assignment: (not found)',
              'DenyAssignmentId: null',
              "DecisionReason: 'DeniedWithNoValidRBAC' ",
              `Vault: ${vault};location=${location}`,
            ].join('\r\n'),
  },
  'not-found': {
    status: 404,
    code: '*NotFound',
    words: (fault) =>
      fault.particulars.about === undefined || fault.particulars.kind !== undefined
        ? fault.message
        : notFound(objectOf(fault).toLowerCase(), fault.particulars.about),
  },
  'deleted-not-found': {
    status: 404,
    code: '*NotFound',
    words: (fault) => `Deleted ${objectOf(fault)} not found: ${fault.particulars.about}`,
  },
  'deleted-but-recoverable': {
    status: 409,
    code: 'Conflict',
    inner: 'ObjectIsDeletedButRecoverable',
    words: (fault) =>
      `${objectOf(fault)} ${fault.particulars.about} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the ${objectOf(fault).toLowerCase()} can only be recovered or purged.`,
  },
  conflict: { status: 409, code: 'Conflict' },
  precondition: { status: 412, code: 'PreconditionFailed' },
  locked: { status: 409, code: 'Conflict' },
  unsettled: {
    status: 409,
    code: 'Conflict',
    words: (fault) =>
      fault.particulars.change === 'recovering'
        ? `${objectOf(fault)} is currently being recovered.`
        : fault.particulars.wanted === 'name'
          ? `${objectOf(fault)} ${fault.particulars.about} is currently being deleted and cannot be re-created; retry later.`
          : `${objectOf(fault)} is currently being deleted.`,
  },
  disabled: { status: 403, code: 'Forbidden', inner: '*Disabled' },
  protected: {
    status: 403,
    code: 'Forbidden',
    words: ({ particulars }) =>
      `Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed.\r\nVault: ${particulars.vault};location=${particulars.location}`,
  },
  'too-large': { status: 413, code: 'RequestEntityTooLarge' },
  throttled: { status: 429, code: 'Throttled' },
  unavailable: { status: 503, code: 'ServiceUnavailable' },
  internal: { status: 500, code: 'InternalServerError' },
}

/** What is no object has codes of its own: a host without a vault, a path that isn't served, a blob that doesn't open. */
const ofKind: Readonly<Record<string, string>> = {
  host: 'VaultNotFound',
  route: 'NotFound',
  backup: 'Malformed backup blob',
  'no-pending-certificate': 'PendingCertificateNotFound',
  // A conflict, as its status says; its code is the service's own.
  'pending-certificate': 'Forbidden',
  issuer: 'CertificateIssuerNotFound',
  contacts: 'ContactsNotFound',
}
/** What is under way with a name, as clients read it. */
const unsettled: Readonly<Record<string, string>> = {
  deleting: 'ObjectIsBeingDeleted',
  recovering: 'ObjectIsBeingRecovered',
  purging: 'ObjectIsBeingDeleted',
}

export type VaultError = {
  status: number
  body: { error: { code: string; message: string; innererror?: { code: string } } }
}

/** A fault in the words of Key Vault. */
export function vaultError(fault: Fault, issuer: Issuer): VaultError {
  const { status, code, inner, words } = said[fault.code]
  const { kind, change, policy, inner: own } = fault.particulars
  const message = words?.(fault, issuer) ?? fault.message
  const ofState =
    change !== undefined
      ? unsettled[change]
      : policy !== undefined
        ? 'ForbiddenByPolicy'
        : inner?.replace('*', objectOf(fault))
  const innermost = own ?? ofState
  return {
    status,
    body: {
      error: {
        code: (kind !== undefined && ofKind[kind]) || code.replace('*', objectOf(fault)),
        message,
        // An empty one says that the service has none for this.
        ...(innermost !== undefined && innermost !== '' && { innererror: { code: innermost } }),
      },
    },
  }
}

/** What is said to an api-version that isn't one of ours, or to none. */
export const unknownVaultVersion = (version: string | undefined): Fault =>
  new Fault(
    'invalid',
    version === undefined
      ? `The api-version query parameter is required. Consider using the latest supported version (${newestVaultVersion}).`
      : `The specified version (${version.slice(0, 64)}) is not recognized. Consider using the latest supported version (${newestVaultVersion}).`,
  )
