import type { CertificateOperation } from '@cardea/contract/vault/certificate-answers'
import type { Operation } from '#core/certificates/certificate.ts'
import { isUnknown } from '#core/certificates/policy.ts'
import { Headed } from '../headed.ts'
import { issuerTermsOf } from './policy-wire.ts'

/** The address of what is under way for a name. */
export const pendingIdOf = (origin: string, name: string): string => `${origin}/certificates/${name}/pending`

const underway = {
  issuer:
    'Pending certificate created. Certificate request is in progress. This may take some time based on the issuer provider. Please check again later.',
  merge: 'Pending certificate created. Please Perform Merge to complete the request.',
} as const

/** How far a certificate has come that was asked for, in Key Vault's words. */
export const operationOf = (origin: string, operation: Operation): CertificateOperation => {
  const { name, issuer, request, isCallingOff, status, trouble, preservesOrder, requestId } = operation
  return {
    id: pendingIdOf(origin, name),
    issuer: issuerTermsOf(issuer),
    csr: request.toBase64(),
    cancellation_requested: isCallingOff,
    status,
    status_details: status === 'inProgress' ? underway[isUnknown(issuer) ? 'merge' : 'issuer'] : undefined,
    error: trouble,
    target: status === 'completed' ? `${origin}/certificates/${name}` : undefined,
    preserveCertOrder: preservesOrder,
    request_id: requestId,
  }
}

/** In how many seconds to ask again, as the service says it. */
const retryAfter = { 'retry-after': '10' } as const

/** The answer to who asks how far it is. */
export const progressOf = (origin: string, operation: Operation): Headed<CertificateOperation> =>
  new Headed(operationOf(origin, operation), operation.status === 'inProgress' ? retryAfter : {})

/** The answer to who asked for a certificate: where to look for it. */
export function startedOf(origin: string, version: string, operation: Operation): Headed<CertificateOperation> {
  const told = operationOf(origin, operation)
  const location = `${told.id}?api-version=${encodeURIComponent(version)}&request_id=${told.request_id}`
  return new Headed(told, { location, ...retryAfter })
}
