import { vaultVersions } from '@cardea/contract/vault/versions'
import type { Clock } from '#base/clock.ts'
import { json } from '#base/media-types.ts'
import type { TokenBook } from '#core/identity/tokens.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import { audienceIs, bearer } from '../bearer.ts'
import { type Answer, type Call, type PlaneWords, Reply } from '../plane.ts'
import { retryAfter } from '../retry-after.ts'
import { unknownVaultVersion, vaultError } from './errors.ts'
import { Headed } from './headed.ts'
import { refuseForeign } from './network-rules.ts'
import type { Toll } from './throttling.ts'

export type VaultServices = {
  readonly vaults: VaultBook
  readonly tokens: TokenBook
  readonly clock: Clock
  /** The authority that the challenge names: the login host and the tenant, one path segment. */
  readonly authority: string
  /** The issuer that error messages name. */
  readonly issuer: string
  readonly domain: string
  /** What counts how much each vault lets through; undefined: everything is. */
  readonly toll: Toll | undefined
}

/** How Key Vault's data plane speaks: challenge, headers, errors (*Authentication, requests and responses*, *REST API error codes*). */
export function vaultWords(services: VaultServices): PlaneWords<Vault> {
  const { vaults, tokens, clock, authority, issuer, domain, toll } = services
  // Azure's own resource is understood too (clients 3.4).
  const audience = audienceIs(`https://vault.${domain}`, 'https://vault.azure.net')
  return {
    async identify(call) {
      const token = bearer(call, 'AKV10000: Request is missing a Bearer or PoP token.')
      const caller = await tokens.verify(token, audience, clock())
      return { caller, subject: await vaults.vault(call.name) }
    },
    async prove(call, known) {
      refuseForeign(call, known, issuer)
    },
    ...(toll !== undefined && { spend: toll.spend }),
    resource: ({ resourceId }) => resourceId,
    versions: new Set(vaultVersions),
    unknownVersion: unknownVaultVersion,
    say(call, vault, status, result, { assignment }) {
      if (result instanceof Reply) return result.answer
      const headers = headersOf(call, vault.location)
      if (assignment !== '') headers['x-ms-keyvault-rbac-assignment-id'] = assignment.replaceAll('-', '')
      if (status === 204) return { status, headers }
      headers['content-type'] = json
      if (result instanceof Headed) {
        return { status, headers: { ...headers, ...result.headers }, body: JSON.stringify(result.body) }
      }
      return { status, headers, body: JSON.stringify(result) }
    },
    refuse(call, fault, known): Answer {
      const { status, body } = vaultError(fault, {
        issuer,
        ...(known?.subject && { vault: known.subject.name, location: known.subject.location }),
      })
      const headers = headersOf(call, known?.subject?.location ?? 'local')
      headers['content-type'] = json
      if (status === 401) headers['www-authenticate'] = challenge(call, authority)
      // The service says nothing of it with a 429, and JavaScript clients then give up at once.
      return { status, headers: { ...headers, ...retryAfter(status, fault) }, body: JSON.stringify(body) }
    },
  }
}

/** The resource is the request's host without its first label, port kept: SDKs check that it is the vault's parent. */
const challenge = (call: Call, authority: string): string =>
  `Bearer authorization="${authority}", resource="https://${call.host.toLowerCase().slice(call.host.indexOf('.') + 1)}"`

function headersOf(call: Call, region: string): Record<string, string> {
  const headers: Record<string, string> = {
    'cache-control': 'no-cache',
    pragma: 'no-cache',
    expires: '-1',
    'x-ms-request-id': call.requestId,
    'x-ms-keyvault-region': region,
    'x-ms-keyvault-service-version': 'cardea',
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000;includeSubDomains',
  }
  if (call.circumstances.correlation !== '') headers['x-ms-client-request-id'] = call.circumstances.correlation
  return headers
}
