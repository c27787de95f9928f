import { keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'
import type { Written } from './setting.ts'

/** A secret of this installation that a setting points at; with a version, at that one for good. */
export type Target = { readonly vault: string; readonly secret: string; readonly version: string | undefined }

/** The media type of a content type, without its parameters. */
export const mediaType = (contentType: string): string => (contentType.split(';', 1)[0] as string).trim().toLowerCase()

/** Where a Key Vault reference points; undefined for what is none, or points out of this house. */
export function targetOf({ contentType, value }: Written, domain: string): Target | undefined {
  if (contentType === undefined || value === undefined || mediaType(contentType) !== keyVaultReferenceType) return
  const url = URL.parse(uriIn(value) ?? '')
  const vault = url?.hostname.endsWith(`.vault.${domain}`) ? url.hostname.slice(0, -`.vault.${domain}`.length) : ''
  const path = /^\/secrets\/([0-9a-z-]{1,127})(?:\/([0-9a-z]{1,64})?)?$/i.exec(url?.pathname ?? '')
  if (url?.protocol !== 'https:' || !/^[0-9a-z-]+$/.test(vault) || path === null) return
  return { vault, secret: path[1] as string, version: path[2]?.toLowerCase() }
}

function uriIn(value: string): string | undefined {
  try {
    const { uri } = JSON.parse(value) as { uri?: unknown }
    return typeof uri === 'string' ? uri : undefined
  } catch {
    return undefined
  }
}
