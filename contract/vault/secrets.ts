import { operation } from '../operation.ts'
import { dictionary, flag, nothing, nullable, oneOf, optional, record, seconds, text } from '../shape.ts'
import { type Deleted, type ObjectAttributes, objectName, objectVersion, paged, reading } from './objects.ts'

/**
 * Azure Key Vault, secrets (REST API 7.0 to 2026-04-01). Field names, limits and statuses are the service's own.
 */
export const secretName = objectName
export const secretVersion = objectVersion

/** A secret's value may have at most 25 KB (Key Vault service limits). */
export const valueBytesMax = 25 * 1024
const tags = dictionary(text({ maxCharacters: 512 }), { maxEntries: 15, maxKey: 512 })
const contentType = text({ maxCharacters: 255, pattern: /^\P{Cc}*$/u, wanted: 'free of control characters' })
const attributes = record({ enabled: optional(flag), nbf: nullable(seconds), exp: nullable(seconds) })
/** A blob holds up to 500 versions of 25 KB, and comes as base64url: some 17 MB, and what JSON adds to odd characters. */
export const backupBytesMax = 24 * 1024 * 1024
const none = record({})
const named = record({ name: secretName })
const versioned = record({ name: secretName, version: optional(secretVersion) })

export const setSecret = operation({
  id: 'SecretSet',
  method: 'PUT',
  path: '/secrets/:name',
  since: '7.0',
  action: 'secrets/set',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    value: text({ maxBytes: valueBytesMax }),
    contentType: optional(contentType),
    tags: optional(tags),
    attributes: optional(attributes),
  }),
  status: 200,
})

export const getSecret = operation({
  ...reading,
  id: 'SecretGet',
  path: '/secrets/:name/:version?',
  action: 'secrets/get',
  params: versioned,
  // For the secret of a certificate; any other is in no form that could be turned into these.
  query: record({ outcontenttype: optional(oneOf('application/x-pem-file', 'application/x-pkcs12')) }),
})

export const updateSecret = operation({
  id: 'SecretUpdate',
  method: 'PATCH',
  path: '/secrets/:name/:version?',
  since: '7.0',
  action: 'secrets/update',
  effect: 'write',
  params: versioned,
  query: none,
  body: record({ contentType: optional(contentType), tags: optional(tags), attributes: optional(attributes) }),
  status: 200,
})

export const deleteSecret = operation({
  id: 'SecretDelete',
  method: 'DELETE',
  path: '/secrets/:name',
  since: '7.0',
  action: 'secrets/delete',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const listSecrets = operation({
  ...reading,
  id: 'SecretList',
  path: '/secrets',
  action: 'secrets/list',
  params: none,
  query: paged,
})

export const listSecretVersions = operation({
  ...reading,
  id: 'SecretListVersions',
  path: '/secrets/:name/versions',
  action: 'secrets/list',
  params: named,
  query: paged,
})

export const listDeletedSecrets = operation({
  ...reading,
  id: 'SecretListDeleted',
  path: '/deletedsecrets',
  action: 'secrets/list',
  params: none,
  query: paged,
})

export const getDeletedSecret = operation({
  ...reading,
  id: 'SecretGetDeleted',
  path: '/deletedsecrets/:name',
  action: 'secrets/list',
  params: named,
  query: none,
})

export const purgeDeletedSecret = operation({
  id: 'SecretPurge',
  method: 'DELETE',
  path: '/deletedsecrets/:name',
  since: '7.0',
  action: 'secrets/purge',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 204,
})

export const recoverDeletedSecret = operation({
  id: 'SecretRecover',
  method: 'POST',
  path: '/deletedsecrets/:name/recover',
  since: '7.0',
  action: 'secrets/recover',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const backupSecret = operation({
  id: 'SecretBackup',
  method: 'POST',
  path: '/secrets/:name/backup',
  since: '7.0',
  action: 'secrets/backup',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const restoreSecret = operation({
  id: 'SecretRestore',
  method: 'POST',
  path: '/secrets/restore',
  since: '7.0',
  action: 'secrets/restore',
  // Which secret it is about is known once the blob is open; then it is asked again.
  reach: 'within',
  effect: 'write',
  params: none,
  query: none,
  body: record({ value: text() }),
  status: 200,
  bodyBytesMax: backupBytesMax,
})

/** What belongs to a certificate says so, and whose key it goes with. */
export type SecretItem = {
  contentType?: string | undefined
  id: string
  managed?: true | undefined
  attributes: ObjectAttributes
  tags?: Readonly<Record<string, string>> | undefined
}
export type SecretBundle = SecretItem & {
  value?: string | undefined
  kid?: string | undefined
  previousVersion?: string | undefined
}
export type DeletedSecretItem = Deleted & SecretItem
export type DeletedSecretBundle = Deleted & SecretBundle
