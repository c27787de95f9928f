import type { Action } from '../actions.ts'
import { operation } from '../operation.ts'
import {
  absent,
  base64url,
  dictionary,
  flag,
  list,
  nothing,
  nullable,
  oneOf,
  optional,
  record,
  type Shape,
  ShapeError,
  seconds,
  text,
  whole,
} from '../shape.ts'
import { type Deleted, type ObjectAttributes, objectName, objectVersion, paged, reading } from './objects.ts'

/**
 * Azure Key Vault, keys (REST API 7.0 to 2026-04-01). Field names, limits and statuses are the service's own. What would let a
 * key leave the vault, or bring one in wrapped, is not offered: `release`, `attestation`, a release policy, a BYOK blob.
 */
export const keyName = objectName
export const keyVersion = objectVersion

const keyTypes = ['RSA', 'RSA-HSM', 'EC', 'EC-HSM', 'oct', 'oct-HSM'] as const
export type KeyType = (typeof keyTypes)[number]
/** What a key may be used for, in the words of JSON Web Key (RFC 7517, 4.3). */
export const keyOperations = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'] as const
export type KeyOperation = (typeof keyOperations)[number]
export const curves = ['P-256', 'P-256K', 'P-384', 'P-521'] as const

/** No more than this is encrypted or decrypted at once, in bytes: whatever is larger is encrypted with a key that is wrapped here. */
const dataBytesMax = 64 * 1024
/** A blob holds up to 500 versions, each with its private part, sealed: some 4 MB. */
export const backupBytesMax = 8 * 1024 * 1024

/** Each operation once, and at least one: "duplicate key operation values MUST NOT be present" (RFC 7517, 4.3). */
const operations: Shape<KeyOperation[]> = {
  read(value, where) {
    const words = list(oneOf(...keyOperations), { maxItems: keyOperations.length }).read(value, where)
    if (words.length === 0 || new Set(words).size < words.length) {
      throw new ShapeError(where, 'a list of different operations, at least one')
    }
    return words
  },
}
const noRelease = absent('absent: no key can be released from this vault')

const tags = dictionary(text({ maxCharacters: 256 }), { maxEntries: 15, maxKey: 256 })
const attributes = record({
  enabled: optional(flag),
  nbf: nullable(seconds),
  exp: nullable(seconds),
  exportable: absent('false: no key leaves this vault'),
  external_key: absent('absent: keys that lie elsewhere are not offered'),
})
/** A number of a key, as base64url (RFC 7518, 6): one of RSA with 4,096 bits has 683 signs. */
const number = optional(text({ maxCharacters: 1400, pattern: /^[\w-]+$/, wanted: 'base64url' }))
const algorithm = text({ maxCharacters: 32, pattern: /^[\w-]+$/, wanted: 'the name of an algorithm' })
const data = base64url({ maxBytes: dataBytesMax })
/** A digest, or what RSNULL takes in its place: at most what fits into 4,096 bits. */
const digest = base64url({ maxBytes: 512 })
const signature = base64url({ maxBytes: 512 })

/** P-256K also under its name in the version 2016-10-01, which az sends to this day. */
export const curve: Shape<(typeof curves)[number]> = {
  read: (value, where) => (value === 'SECP256K1' ? 'P-256K' : oneOf(...curves).read(value, where)),
}

const none = record({})
const named = record({ name: keyName })
const versioned = record({ name: keyName, version: optional(keyVersion) })

export const createKey = operation({
  id: 'KeyCreate',
  method: 'POST',
  path: '/keys/:name/create',
  since: '7.0',
  action: 'keys/create',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    kty: oneOf(...keyTypes),
    key_size: optional(whole(1, 16_384)),
    // Read, and then passed over, as the service does: all our keys have 65537.
    public_exponent: optional(whole(0, 2 ** 32)),
    crv: optional(curve),
    key_ops: optional(operations),
    attributes: optional(attributes),
    tags: optional(tags),
    release_policy: noRelease,
  }),
  status: 200,
})

export const importKey = operation({
  id: 'KeyImport',
  method: 'PUT',
  path: '/keys/:name',
  since: '7.0',
  action: 'keys/import',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    Hsm: optional(flag),
    key: record({
      kty: oneOf(...keyTypes),
      key_ops: optional(operations),
      ...{ n: number, e: number, d: number, p: number, q: number, dp: number, dq: number, qi: number },
      crv: optional(curve),
      ...{ x: number, y: number, k: number },
      key_hsm: absent('absent: keys are not taken in wrapped for a security module'),
    }),
    attributes: optional(attributes),
    tags: optional(tags),
    release_policy: noRelease,
  }),
  status: 200,
})

export const getKey = operation({
  ...reading,
  id: 'KeyGet',
  path: '/keys/:name/:version?',
  action: 'keys/read',
  params: versioned,
  query: none,
})

export const updateKey = operation({
  id: 'KeyUpdate',
  method: 'PATCH',
  path: '/keys/:name/:version?',
  since: '7.0',
  action: 'keys/update',
  effect: 'write',
  params: versioned,
  query: none,
  body: record({
    key_ops: optional(operations),
    attributes: optional(attributes),
    tags: optional(tags),
    release_policy: noRelease,
  }),
  status: 200,
})

export const deleteKey = operation({
  id: 'KeyDelete',
  method: 'DELETE',
  path: '/keys/:name',
  since: '7.0',
  action: 'keys/delete',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const listKeys = operation({
  ...reading,
  id: 'KeyList',
  path: '/keys',
  action: 'keys/read',
  params: none,
  query: paged,
})

export const listKeyVersions = operation({
  ...reading,
  id: 'KeyListVersions',
  path: '/keys/:name/versions',
  action: 'keys/read',
  params: named,
  query: paged,
})

export const listDeletedKeys = operation({
  ...reading,
  id: 'KeyListDeleted',
  path: '/deletedkeys',
  action: 'keys/read',
  params: none,
  query: paged,
})

export const getDeletedKey = operation({
  ...reading,
  id: 'KeyGetDeleted',
  path: '/deletedkeys/:name',
  action: 'keys/read',
  params: named,
  query: none,
})

export const purgeDeletedKey = operation({
  id: 'KeyPurge',
  method: 'DELETE',
  path: '/deletedkeys/:name',
  since: '7.0',
  action: 'keys/purge',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 204,
})

export const recoverDeletedKey = operation({
  id: 'KeyRecover',
  method: 'POST',
  path: '/deletedkeys/:name/recover',
  since: '7.0',
  action: 'keys/recover',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const backupKey = operation({
  id: 'KeyBackup',
  method: 'POST',
  path: '/keys/:name/backup',
  since: '7.0',
  action: 'keys/backup',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const restoreKey = operation({
  id: 'KeyRestore',
  method: 'POST',
  path: '/keys/restore',
  since: '7.0',
  action: 'keys/restore',
  // Which key it is about is known once the blob is open; then it is asked again.
  reach: 'within',
  effect: 'write',
  params: none,
  query: none,
  body: record({ value: text() }),
  status: 200,
  bodyBytesMax: backupBytesMax,
})

/**
 * A use of a key. It changes nothing, so it is a reading, and as such durably in the journal before its result is handed out;
 * a client without a version leaves its place empty, or leaves it out.
 */
const use = <const A extends Action, const W extends string, B>(id: string, word: W, action: A, body: Shape<B>) =>
  operation({
    id,
    method: 'POST',
    path: `/keys/:name/:version?/${word}`,
    since: '7.0',
    action,
    effect: 'read',
    params: versioned,
    query: none,
    body,
    status: 200,
  })

const iv = optional(base64url({ maxBytes: 16 }))
const plain = record({ alg: algorithm, value: data, iv, aad: optional(data) })
const cipher = record({
  alg: algorithm,
  value: data,
  iv,
  aad: optional(data),
  tag: optional(base64url({ maxBytes: 16 })),
})

export const encrypt = use('KeyEncrypt', 'encrypt', 'keys/encrypt', plain)
export const decrypt = use('KeyDecrypt', 'decrypt', 'keys/decrypt', cipher)
export const sign = use('KeySign', 'sign', 'keys/sign', record({ alg: algorithm, value: digest }))
export const verify = use('KeyVerify', 'verify', 'keys/verify', record({ alg: algorithm, digest, value: signature }))
export const wrapKey = use('KeyWrap', 'wrapkey', 'keys/wrap', plain)
export const unwrapKey = use('KeyUnwrap', 'unwrapkey', 'keys/unwrap', cipher)

/** Another version, just like the latest. */
export const rotateKey = operation({
  id: 'KeyRotate',
  method: 'POST',
  path: '/keys/:name/rotate',
  since: '7.3',
  action: 'keys/rotate',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

/** ISO 8601, as `P90D`. */
const duration = optional(text({ maxCharacters: 64 }))

export const getKeyRotationPolicy = operation({
  id: 'KeyRotationPolicyGet',
  method: 'GET',
  path: '/keys/:name/rotationpolicy',
  since: '7.3',
  action: 'key-rotation-policies/read',
  effect: 'read',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const setKeyRotationPolicy = operation({
  id: 'KeyRotationPolicySet',
  method: 'PUT',
  path: '/keys/:name/rotationpolicy',
  since: '7.3',
  action: 'key-rotation-policies/write',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    lifetimeActions: optional(
      list(
        record({
          trigger: record({ timeAfterCreate: duration, timeBeforeExpiry: duration }),
          action: record({ type: text({ maxCharacters: 64 }) }),
        }),
        { maxItems: 16 },
      ),
    ),
    attributes: optional(record({ expiryTime: duration })),
  }),
  status: 200,
})

/** The public part of a key (RFC 7517, 7518); of a symmetric one, only that it is there. */
export type JsonWebKey = {
  kid: string
  kty: KeyType
  key_ops: readonly KeyOperation[]
  n?: string | undefined
  e?: string | undefined
  crv?: string | undefined
  x?: string | undefined
  y?: string | undefined
}
export type KeyAttributes = ObjectAttributes & {
  exportable?: boolean | undefined
  hsmPlatform?: string | undefined
  key_size?: number | undefined
}
/** What belongs to a certificate says so. */
export type KeyBundle = {
  key: JsonWebKey
  managed?: true | undefined
  attributes: KeyAttributes
  tags?: Readonly<Record<string, string>> | undefined
}
export type KeyItem = {
  kid: string
  managed?: true | undefined
  attributes: KeyAttributes
  tags?: Readonly<Record<string, string>> | undefined
}
export type DeletedKeyBundle = Deleted & KeyBundle
export type DeletedKeyItem = Deleted & KeyItem
export type KeyOperationResult = {
  kid: string
  value: string
  iv?: string | undefined
  tag?: string | undefined
  aad?: string | undefined
}
export type KeyVerifyResult = { value: boolean }
/** A policy as it stands; `created` and `updated` are missing of one that nobody set. */
export type KeyRotationPolicy = {
  id: string
  lifetimeActions: {
    trigger: { timeAfterCreate?: string | undefined; timeBeforeExpiry?: string | undefined }
    action: { type: 'Rotate' | 'Notify' }
  }[]
  attributes: { expiryTime?: string | undefined; created?: number | undefined; updated?: number | undefined }
}
