import type { Fault, FaultCode } from '#base/fault.ts'

/**
 * How Resource Manager says each fault: `{"error":{"code","message"}}`. A fault's `arm` particular names a code of its
 * own (`ScopeLocked`, `RoleAssignmentExists`); else the fault's kind decides.
 */
const said: Record<FaultCode, readonly [status: number, code: string]> = {
  invalid: [400, 'InvalidRequestContent'],
  unauthenticated: [401, 'InvalidAuthenticationToken'],
  forbidden: [403, 'AuthorizationFailed'],
  'not-found': [404, 'ResourceNotFound'],
  'deleted-not-found': [404, 'ResourceNotFound'],
  'deleted-but-recoverable': [409, 'ConflictError'],
  conflict: [409, 'Conflict'],
  precondition: [412, 'PreconditionFailed'],
  locked: [409, 'ScopeLocked'],
  disabled: [403, 'Disabled'],
  protected: [403, 'Forbidden'],
  unsettled: [409, 'ConflictError'],
  'too-large': [413, 'RequestEntityTooLarge'],
  throttled: [429, 'TooManyRequests'],
  unavailable: [503, 'ServiceUnavailable'],
  internal: [500, 'InternalServerError'],
}

/** A fault in the words of Resource Manager. */
export function managementError({ code, message, particulars }: Fault): { status: number; body: object } {
  const [status, word] = said[code]
  const text =
    code === 'forbidden' && particulars.objectId !== undefined
      ? `The client '${particulars.appId}' with object id '${particulars.objectId}' does not have authorization to perform action '${particulars.action}' over scope '${particulars.resource}' or the scope is invalid. If access was recently granted, please refresh your credentials.`
      : message
  return { status, body: { error: { code: particulars.arm ?? word, message: text } } }
}
