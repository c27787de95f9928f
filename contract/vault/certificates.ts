import { operation } from '../operation.ts'
import {
  absent,
  dictionary,
  flag,
  list,
  nothing,
  nullable,
  oneOf,
  optional,
  type Read,
  record,
  type Shape,
  ShapeError,
  seconds,
  text,
  whole,
} from '../shape.ts'
import { issuerName } from './issuers.ts'
import { curve } from './keys.ts'
import { objectName, objectVersion, page, paged, reading } from './objects.ts'

/**
 * Azure Key Vault, certificates (REST API 7.0 to 2026-04-01). Field names, limits and statuses are the service's own. Clients
 * send objects without members where they have nothing to say: such a one says as much as its absence.
 */
const literals = ['contacts', 'issuers', 'restore']
/** What is there under these paths is no certificate, so one of that name could never be read. */
const certificateName: Shape<string> = {
  read(value, where) {
    const name = objectName.read(value, where)
    if (literals.includes(name.toLowerCase())) throw new ShapeError(where, `none of ${literals.join(', ')}`)
    return name
  },
}
const certificateVersion = objectVersion

/** What a certificate's key may be used for, in the order of the bits (RFC 5280, 4.2.1.3). */
export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const
export type KeyUsage = (typeof keyUsages)[number]

/** A PFX or PEM with a chain, as text: its secret must fit the 25 KB of a secret, in whichever form it came. */
const importCharactersMax = 100_000
/** A certificate as base64, which some clients encode twice. */
const certificateCharactersMax = 32 * 1024
const chainLengthMax = 16
/** A blob holds up to 500 versions, each with its chain, its key and its secret, sealed: some 24 MB. */
export const certificateBackupBytesMax = 32 * 1024 * 1024

const tags = dictionary(text({ maxCharacters: 256 }), { maxEntries: 15, maxKey: 256 })
/** `nbf` and `exp` are read, and then passed over, as the service does: a certificate's own dates hold. */
const attributes = record({ enabled: optional(flag), nbf: nullable(seconds), exp: nullable(seconds) })

/** Nobody can vouch for a symmetric key. */
const certificateKeyTypes = ['RSA', 'RSA-HSM', 'EC', 'EC-HSM'] as const
export type CertificateKeyType = (typeof certificateKeyTypes)[number]

const names = optional(list(text({ maxCharacters: 512 }), { maxItems: 100 }))
const contentTypes = ['application/x-pkcs12', 'application/x-pem-file'] as const
export type CertificateContentType = (typeof contentTypes)[number]

const lifetimeActionTypes = ['EmailContacts', 'AutoRenew'] as const
export type LifetimeActionType = (typeof lifetimeActionTypes)[number]

/** An object identifier, in decimal numbers and dots. */
const oid = text({
  maxCharacters: 128,
  pattern: /^[0-2](\.\d{1,32})+$/,
  wanted: 'an object identifier such as 1.3.6.1.5.5.7.3.1',
})

const policy = record({
  key_props: optional(
    record({
      exportable: optional(flag),
      kty: optional(oneOf(...certificateKeyTypes)),
      key_size: optional(whole(1, 16_384)),
      reuse_key: optional(flag),
      crv: optional(curve),
    }),
  ),
  secret_props: optional(record({ contentType: optional(oneOf(...contentTypes)) })),
  x509_props: optional(
    record({
      subject: optional(text({ maxCharacters: 200 })),
      ekus: optional(list(oid, { maxItems: 50 })),
      sans: optional(record({ emails: names, dns_names: names, upns: names, uris: names, ipAddresses: names })),
      key_usage: optional(list(oneOf(...keyUsages), { maxItems: keyUsages.length })),
      validity_months: optional(whole(1, 1200)),
      basic_constraints: optional(record({ ca: optional(flag) })),
    }),
  ),
  lifetime_actions: optional(
    list(
      record({
        trigger: record({
          lifetime_percentage: optional(whole(1, 99)),
          days_before_expiry: optional(whole(1, 32_400)),
        }),
        action: record({ action_type: oneOf(...lifetimeActionTypes) }),
      }),
      { maxItems: 2 },
    ),
  ),
  issuer: optional(
    record({
      name: optional(issuerName),
      cty: optional(text({ maxCharacters: 64 })),
      cert_transparency: optional(flag),
    }),
  ),
  attributes: optional(record({ enabled: optional(flag) })),
  platformManaged: absent('absent: no platform uses certificates of this vault by itself'),
})
/** A policy as it is sent: whatever has nothing to say may be missing. */
export type SaidPolicy = Read<typeof policy>

const none = record({})
const named = record({ name: certificateName })
const versioned = record({ name: certificateName, version: optional(certificateVersion) })

/** A truth as a query spells it: clients write it small or large. */
const queryFlag: Shape<boolean> = {
  read(value, where) {
    const word = typeof value === 'string' ? value.toLowerCase() : value
    if (word !== 'true' && word !== 'false') throw new ShapeError(where, 'true or false')
    return word === 'true'
  },
}
const pagedWithPending = record({ ...page, includepending: optional(queryFlag) })

export const createCertificate = operation({
  id: 'CertificateCreate',
  method: 'POST',
  path: '/certificates/:name/create',
  since: '7.0',
  action: 'certificates/create',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    policy: optional(policy),
    attributes: optional(attributes),
    tags: optional(tags),
    preserveCertOrder: optional(flag),
  }),
  status: 202,
})

export const importCertificate = operation({
  id: 'CertificateImport',
  method: 'POST',
  path: '/certificates/:name/import',
  since: '7.0',
  action: 'certificates/import',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    value: text({ maxCharacters: importCharactersMax }),
    pwd: optional(text({ maxCharacters: 200 })),
    policy: optional(policy),
    attributes: optional(attributes),
    tags: optional(tags),
    preserveCertOrder: optional(flag),
  }),
  status: 200,
})

export const getCertificate = operation({
  ...reading,
  id: 'CertificateGet',
  path: '/certificates/:name/:version?',
  action: 'certificates/read',
  params: versioned,
  query: none,
})

export const updateCertificate = operation({
  id: 'CertificateUpdate',
  method: 'PATCH',
  path: '/certificates/:name/:version?',
  since: '7.0',
  action: 'certificates/update',
  effect: 'write',
  params: versioned,
  query: none,
  body: record({ policy: optional(policy), attributes: optional(attributes), tags: optional(tags) }),
  status: 200,
})

export const deleteCertificate = operation({
  id: 'CertificateDelete',
  method: 'DELETE',
  path: '/certificates/:name',
  since: '7.0',
  action: 'certificates/delete',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const listCertificates = operation({
  ...reading,
  id: 'CertificateList',
  path: '/certificates',
  action: 'certificates/read',
  params: none,
  query: pagedWithPending,
})

export const listCertificateVersions = operation({
  ...reading,
  id: 'CertificateListVersions',
  path: '/certificates/:name/versions',
  action: 'certificates/read',
  params: named,
  query: paged,
})

export const getCertificatePolicy = operation({
  ...reading,
  id: 'CertificatePolicyGet',
  path: '/certificates/:name/policy',
  action: 'certificates/read',
  params: named,
  query: none,
})

export const updateCertificatePolicy = operation({
  id: 'CertificatePolicyUpdate',
  method: 'PATCH',
  path: '/certificates/:name/policy',
  since: '7.0',
  action: 'certificates/update',
  effect: 'write',
  params: named,
  query: none,
  body: policy,
  status: 200,
})

export const getCertificateOperation = operation({
  ...reading,
  id: 'CertificatePendingGet',
  path: '/certificates/:name/pending',
  action: 'certificates/read',
  params: named,
  // Of one request only; that of another is not found.
  query: record({ request_id: optional(text({ maxCharacters: 64 })) }),
})

/** What was asked of an issuer can be called back; a call back can't. */
const calledBack: Shape<true> = {
  read(value, where) {
    if (value !== true) throw new ShapeError(where, 'true')
    return value
  },
}

export const updateCertificateOperation = operation({
  id: 'CertificatePendingUpdate',
  method: 'PATCH',
  path: '/certificates/:name/pending',
  since: '7.0',
  action: 'certificates/update',
  effect: 'write',
  params: named,
  query: none,
  body: record({ cancellation_requested: calledBack }),
  status: 200,
})

export const deleteCertificateOperation = operation({
  id: 'CertificatePendingDelete',
  method: 'DELETE',
  path: '/certificates/:name/pending',
  since: '7.0',
  action: 'certificates/update',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const mergeCertificate = operation({
  id: 'CertificatePendingMerge',
  method: 'POST',
  path: '/certificates/:name/pending/merge',
  since: '7.0',
  action: 'certificates/create',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    x5c: list(text({ maxCharacters: certificateCharactersMax }), { maxItems: chainLengthMax }),
    attributes: optional(attributes),
    tags: optional(tags),
  }),
  status: 201,
})

export const backupCertificate = operation({
  id: 'CertificateBackup',
  method: 'POST',
  path: '/certificates/:name/backup',
  since: '7.0',
  action: 'certificates/backup',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const restoreCertificate = operation({
  id: 'CertificateRestore',
  method: 'POST',
  path: '/certificates/restore',
  since: '7.0',
  action: 'certificates/restore',
  // Which certificate it is about is known once the blob is open; then it is asked again.
  reach: 'within',
  effect: 'write',
  params: none,
  query: none,
  body: record({ value: text() }),
  status: 200,
  bodyBytesMax: certificateBackupBytesMax,
})

export const listDeletedCertificates = operation({
  ...reading,
  id: 'CertificateListDeleted',
  path: '/deletedcertificates',
  action: 'certificates/read',
  params: none,
  query: pagedWithPending,
})

export const getDeletedCertificate = operation({
  ...reading,
  id: 'CertificateGetDeleted',
  path: '/deletedcertificates/:name',
  action: 'certificates/read',
  params: named,
  query: none,
})

export const purgeDeletedCertificate = operation({
  id: 'CertificatePurge',
  method: 'DELETE',
  path: '/deletedcertificates/:name',
  since: '7.0',
  action: 'certificates/purge',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 204,
})

export const recoverDeletedCertificate = operation({
  id: 'CertificateRecover',
  method: 'POST',
  path: '/deletedcertificates/:name/recover',
  since: '7.0',
  action: 'certificates/recover',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})
