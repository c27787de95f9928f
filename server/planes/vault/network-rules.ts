import { Fault } from '#base/fault.ts'
import { refusal } from '#core/vaults/network.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { Call, Known } from '../plane.ts'

/** Refuses who comes from where a vault lets nobody in (*REST API error codes*, `ForbiddenByFirewall`); the token was good until here. */
export function refuseForeign(
  { circumstances: { address } }: Call,
  { caller, subject: vault }: Known<Vault>,
  issuer: string,
): void {
  const why = vault && refusal(vault.network, address)
  if (vault === undefined || why === undefined) return
  const who = `Caller: appid=${caller.appId};oid=${caller.objectId};iss=${issuer}`
  const where = `Vault: ${vault.name};location=${vault.location}`
  throw why === 'connection'
    ? new Fault(
        'forbidden',
        [
          'Public network access is disabled and request is not from a trusted service nor via an approved private link.',
          who,
          where,
        ].join('\r\n'),
        { inner: 'ForbiddenByConnection' },
      )
    : new Fault(
        'forbidden',
        [
          'Client address is not authorized and caller is not a trusted service.',
          `Client address: ${address}`,
          who,
          where,
        ].join('\r\n'),
        { inner: 'ForbiddenByFirewall' },
      )
}
