import type { KeyUsage } from '@cardea/contract/vault/certificates'

/** What a certificate is asked to say. Whoever asks gives plain words; the structures are this room's business. */
export type Wanted = Names & {
  readonly keyUsage: readonly KeyUsage[]
  /** Extended key usages, as object identifiers: `1.3.6.1.5.5.7.3.1` is a TLS server. */
  readonly ekus: readonly string[]
  readonly ca: boolean
}

export type Names = {
  /** An X.500 name as people write it: `CN=web, O=Example`. May be empty if there are other names. */
  readonly subject: string
  readonly sans?: AlternativeNames | undefined
}

export type AlternativeNames = { readonly [kind in AlternativeKind]?: readonly string[] | undefined }
export const alternativeKinds = ['dnsNames', 'emails', 'upns', 'uris', 'ipAddresses'] as const
export type AlternativeKind = (typeof alternativeKinds)[number]
