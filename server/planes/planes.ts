import { AccessKeyBook } from '#core/access/access-keys.ts'
import type { BundleReader } from '#core/certificates/making.ts'
import { KnownPages } from '#core/configuration/known-pages.ts'
import type { Feeds } from '#core/events/feed.ts'
import type { TokenBook } from '#core/identity/tokens.ts'
import type { Installation } from '#core/installation/installation.ts'
import type { Custodians } from '#core/keys/custody.ts'
import type { Delays } from '#core/objects/object.ts'
import type { Base } from '#core/perform.ts'
import type { Times } from '#core/rotation/policy.ts'
import type { Providers } from '#core/rotation/rotation.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import { appconfigPlane } from './appconfig/appconfig-plane.ts'
import { appconfigWords } from './appconfig/appconfig-words.ts'
import type { StoreQuota } from './appconfig/throttling.ts'
import { onManagement, onStores, onVaults } from './cardea/cardea-plane.ts'
import type { Metrics } from './cardea/metrics/metrics.ts'
import { directoryPlane } from './directory/directory-plane.ts'
import { directoryWords } from './directory/directory-words.ts'
import { keysAsSegments } from './directory/key.ts'
import type { Hosts } from './http/hosts.ts'
import { Quota, type Spenders } from './http/quota.ts'
import { type Served, served } from './http/served.ts'
import { SharedQuota } from './http/shared-quota.ts'
import { managementPlane } from './management/management-plane.ts'
import { managementWords } from './management/management-words.ts'
import { tollOf, type VaultQuota } from './vault/throttling.ts'
import { vaultPlane } from './vault/vault-plane.ts'
import { vaultWords } from './vault/vault-words.ts'

/** What the planes stand on. */
export type Ground = {
  readonly base: Base
  readonly hosts: Hosts
  readonly installation: Installation
  readonly tokens: TokenBook
  readonly vaults: VaultBook
  readonly feeds: Feeds
  /** The issuer of our tokens, as error messages name it. */
  readonly issuer: string
  readonly providers: Providers
  readonly times: Times
  /** How much each vault lets through; undefined: everything. */
  readonly quota: (VaultQuota & { readonly stores: StoreQuota }) | undefined
  /** How long deletions, recoveries and purges take to be seen. */
  readonly delays: Delays
  /** Who keeps keys, and uses them. */
  readonly custodians: Custodians
  /** Who reads the bundles in which certificates come from elsewhere. */
  readonly bundles: BundleReader
  readonly metrics: Metrics
  /** Whether web hooks of alerts may lead into private networks, and those of event subscriptions. */
  readonly allowPrivate: boolean
  readonly eventsPrivate: boolean
  /** Whether alerts have a mail server to go by. */
  readonly sendsMail: boolean
}

/** Every plane with its words, its routes, and the largest body that it takes. */
export function planesOf(ground: Ground): readonly Served[] {
  const { base, hosts, installation, tokens, vaults, issuer, quota, delays, custodians, bundles } = ground
  const { database, keyring, clock } = base
  const { domain, tenant, subscription } = installation
  const tenancy = { tenant, subscription }
  const authority = `${hosts.loginUrl}/${tenant}`
  const accessKeys = new AccessKeyBook(database, keyring)
  const spenders: Spenders = (kind, max, windowMs) =>
    database.engine === 'postgres'
      ? new SharedQuota(database, kind, { max, windowMs }, clock)
      : new Quota(max, windowMs, clock)
  const toll = quota && tollOf(quota, spenders)
  return [
    served({
      plane: 'vault',
      words: vaultWords({ vaults, tokens, clock, authority, issuer, domain, toll }),
      routes: [...vaultPlane({ vaultUrl: hosts.vaultUrl, delays, toll, custodians, bundles }), ...onVaults(ground)],
      bodyBytesMax: 256 * 1024,
    }),
    served({
      plane: 'appconfig',
      words: appconfigWords({
        ...{ stores: vaults, accessKeys, tokens, database, clock, domain },
        quota: quota?.stores,
        spenders,
      }),
      routes: [
        ...appconfigPlane({ domain, storeUrl: hosts.storeUrl, base, vaults, pages: new KnownPages(database) }),
        ...onStores({ ...ground, domain }),
      ],
      bodyBytesMax: 64 * 1024,
    }),
    served({
      plane: 'management',
      words: managementWords({ tokens, clock, tenancy, domain, authority }),
      routes: [...managementPlane(hosts, { allowPrivate: ground.eventsPrivate }), ...onManagement(ground)],
      bodyBytesMax: 1024 * 1024,
    }),
    served({
      plane: 'directory',
      words: directoryWords({ tokens, clock, tenancy, domain, authority }),
      routes: directoryPlane(hosts),
      rewrite: keysAsSegments,
      bodyBytesMax: 256 * 1024,
    }),
  ]
}
