import type { AuditEvent } from '@cardea/contract/cardea/journal'
import type { Instant } from '#base/clock.ts'
import type { FaultCode } from '#base/fault.ts'
import { isMishap, type KeptEntry, wentWell } from '#core/audit/entry.ts'
import type { Hosts } from '../../http/hosts.ts'

/** How each end of a deed reads in Azure's logs: the status and its reason (*Azure Key Vault logging*). */
const ends: Record<FaultCode | 'done', readonly [status: number, reason: string]> = {
  done: [200, 'OK'],
  invalid: [400, 'Bad Request'],
  unauthenticated: [401, 'Unauthorized'],
  forbidden: [403, 'Forbidden'],
  'not-found': [404, 'Not Found'],
  'deleted-not-found': [404, 'Not Found'],
  'deleted-but-recoverable': [409, 'Conflict'],
  conflict: [409, 'Conflict'],
  precondition: [412, 'Precondition Failed'],
  locked: [409, 'Conflict'],
  disabled: [403, 'Forbidden'],
  protected: [403, 'Forbidden'],
  unsettled: [409, 'Conflict'],
  'too-large': [413, 'Payload Too Large'],
  throttled: [429, 'Too Many Requests'],
  unavailable: [503, 'Service Unavailable'],
  internal: [500, 'Internal Server Error'],
}
const isEnd = (outcome: string): outcome is keyof typeof ends => Object.hasOwn(ends, outcome)
function endOf(outcome: string): readonly [status: number, reason: string] {
  if (isEnd(outcome)) return ends[outcome]
  if (wentWell(outcome)) return ends.done
  return isMishap(outcome) ? ends.conflict : ends.internal
}
/** Whatever else somebody's deed failed by, it was permitted before. */
const unpermitted: ReadonlySet<string> = new Set([
  'unauthenticated',
  'forbidden',
  'throttled',
  'too-large',
] satisfies FaultCode[])

/** One entry of the journal as an AuditEvent record. */
export function auditEventOf(entry: KeptEntry, hosts: Hosts): AuditEvent {
  const { operation, resource, caller, outcome, circumstances, writer, number } = entry
  const [status, reason] = endOf(outcome)
  const { parent, address } = placeOf(resource, hosts)
  return {
    time: timeOf(entry.at),
    resourceId: parent.toUpperCase(),
    operationName: operation,
    category: 'AuditEvent',
    resultType: status === 200 ? 'Success' : reason.replaceAll(' ', ''),
    resultSignature: reason,
    resultDescription: '',
    callerIpAddress: circumstances.address,
    correlationId: circumstances.correlation,
    identity: {
      claim: {
        ...(caller.objectId !== '' && { oid: caller.objectId }),
        ...(caller.appId !== '' && { appid: caller.appId }),
      },
    },
    properties: {
      id: address,
      clientInfo: circumstances.agent,
      httpStatusCode: status,
      requestUri: address,
      isRbacAuthorized: caller.objectId !== '' && !unpermitted.has(outcome),
      series: writer,
      number,
      outcome,
    },
  }
}

/** Azure's records count to 100 ns; ours to the millisecond. */
const timeOf = (at: Instant): string => new Date(at).toISOString().replace('Z', '0000Z')

const inVault = /^(.*\/providers\/Microsoft\.KeyVault\/vaults\/([^/]+))(\/.*)?$/i
const inStore = /^(.*\/providers\/Microsoft\.AppConfiguration\/configurationStores\/([^/]+))(\/.*)?$/i

/** The vault or store that something lies in, and the address that it has there; never a query, where secrets may be. */
function placeOf(resource: string, hosts: Hosts): { parent: string; address: string } {
  const [, vault, vaultName, object = ''] = inVault.exec(resource) ?? []
  if (vault !== undefined) return { parent: vault, address: `${hosts.vaultUrl(vaultName as string)}${object}` }
  const [, store, storeName, setting = ''] = inStore.exec(resource) ?? []
  if (store !== undefined) return { parent: store, address: `${hosts.storeUrl(storeName as string)}${setting}` }
  return { parent: resource, address: resource }
}
