import type { Problem } from '@cardea/contract/appconfig/key-values'
import { newestConfigurationVersion } from '@cardea/contract/appconfig/versions'
import { Fault, type FaultCode } from '#base/fault.ts'

/** How App Configuration says each fault: a status, and a problem where the service has a body at all. */
type Saying = { readonly status: number; readonly problem?: (fault: Fault, status: number) => Problem | undefined }

const base = 'https://azconfig.io/errors/'
const problem =
  (type: string, title: string) =>
  ({ message }: Fault, status: number): Problem => ({ type: `${base}${type}`, title, detail: message, status })

const invalidArgument = ({ message, particulars }: Fault, status: number): Problem => {
  const { where = '', title, pos } = particulars
  const name = where === '' ? 'body' : where
  return {
    type: `${base}invalid-argument`,
    title: title ?? `Invalid request parameter '${name}'`,
    name,
    detail: message,
    ...(pos !== undefined && { pos: Number(pos) }),
    status,
  }
}
/** The service's own spelling. */
const keyLocked = ({ message, particulars }: Fault, status: number): Problem => ({
  type: `${base}key-locked`,
  title: `Modifing key '${particulars.about}' is not allowed`,
  name: particulars.about ?? '',
  detail: message,
  status,
})
const forbidden = ({ message, particulars }: Fault, status: number): Problem => ({
  type: `${base}forbidden`,
  title: 'AuthorizationFailed',
  detail: particulars.action === undefined ? message : `${message} Action: ${particulars.action}.`,
  status,
})

const throttled = (fault: Fault, status: number): Problem => ({
  ...problem('too-many-requests', 'Resource utilization has surpassed the assigned quota')(fault, status),
  policy: fault.particulars.quota ?? 'Total Requests',
})

/** Clients compare the body of the first with this text, member by member in this order. */
const conflict = (fault: Fault, status: number): Problem =>
  fault.particulars.kind === 'exists'
    ? { type: `${base}already-exists`, title: 'The resource already exists.', status, detail: '' }
    : problem('invalid-state', 'Target resource state invalid.')(fault, status)

const unmet = (fault: Fault, status: number): Problem | undefined =>
  fault.particulars.title === undefined
    ? undefined
    : problem('precondition-failed', fault.particulars.title)(fault, status)

const tooLarge = (fault: Fault, status: number): Problem =>
  problem('too-large', fault.particulars.title ?? 'The setting is too large')(fault, status)

const said: Record<FaultCode, Saying> = {
  invalid: { status: 400, problem: invalidArgument },
  unauthenticated: { status: 401 },
  forbidden: { status: 403, problem: forbidden },
  'not-found': { status: 404 },
  'deleted-not-found': { status: 404 },
  'deleted-but-recoverable': { status: 409, problem: problem('invalid-state', 'Target resource state invalid.') },
  conflict: { status: 409, problem: conflict },
  // The service says nothing more; of a change set we do.
  precondition: { status: 412, problem: unmet },
  locked: { status: 409, problem: keyLocked },
  disabled: { status: 403, problem: forbidden },
  protected: { status: 403, problem: forbidden },
  unsettled: { status: 409, problem: problem('invalid-state', 'Target resource state invalid.') },
  'too-large': { status: 413, problem: tooLarge },
  throttled: { status: 429, problem: throttled },
  unavailable: { status: 503, problem: problem('unavailable', 'The service cannot answer now') },
  internal: { status: 500, problem: problem('server-error', 'The service failed') },
}

/** A fault in the words of App Configuration; without a problem, the status says all. */
export function configurationError(fault: Fault): { status: number; problem: Problem | undefined } {
  // HTTP has a word of its own for this one (RFC 9110, 15.5.16), which says all.
  if (fault.particulars.kind === 'media-type') return { status: 415, problem: undefined }
  const { status, problem } = said[fault.code]
  return { status, problem: problem?.(fault, status) }
}

/** What is said to an api-version that isn't one of ours, or to none. */
export const unknownConfigurationVersion = (version: string | undefined): Fault =>
  version === undefined
    ? invalidVersion('API version is not specified', `Name one, once: the newest is ${newestConfigurationVersion}.`)
    : invalidVersion(
        /^\d+\.\d+$|^\d{4}-\d\d-\d\d(-preview)?$/.test(version) ? 'Unsupported API version' : 'Invalid API version',
        `The newest version that is answered is ${newestConfigurationVersion}.`,
      )

const invalidVersion = (title: string, words: string): Fault =>
  new Fault('invalid', words, { where: 'api-version', title })
