import type { keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'

/** Where a setting's value lives, when it is a Key Vault reference. */
export type Reference = {
  /** One per secret and version, however its address is spelled. */
  readonly id: string
  /** The vault. */
  readonly origin: string
  readonly name: string
  /** Present when the reference pins a version: such a value never changes, so it is never asked for again. */
  readonly version: string | undefined
}

const referenceType: typeof keyVaultReferenceType = 'application/vnd.microsoft.appconfig.keyvaultref+json'

/** Content types are compared as media types: spelling of case and parameters don't matter. */
export const mediaTypeOf = (contentType: string | undefined): string =>
  (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''

/** Whether a setting says that its value is a Key Vault reference. */
export const isReference = (contentType: string | undefined): boolean => mediaTypeOf(contentType) === referenceType

/** Where the secret is, for people: nothing but the address. */
export const addressOf = ({ origin, name, version }: Reference): string =>
  `${origin}/secrets/${name}${version === undefined ? '' : `/${version}`}`

/** What a reference's text points at, or nothing if it isn't one. */
export function referenceFrom(text: string): Reference | undefined {
  try {
    const { uri } = JSON.parse(text) as { uri?: unknown }
    if (typeof uri !== 'string') return undefined
    const { protocol, username, search, hash, origin, pathname } = new URL(uri)
    const [, name, version] = /^\/secrets\/([0-9a-z-]{1,127})(?:\/([0-9a-z]+))?\/?$/i.exec(pathname) ?? []
    if (protocol !== 'https:' || username || search || hash || !name) return undefined
    return { id: `${origin}/${name}/${version ?? ''}`.toLowerCase(), origin, name, version }
  } catch {
    return undefined
  }
}
