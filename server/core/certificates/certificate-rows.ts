import { type Sql, statement } from '#base/sql.ts'
import { nameKey } from '#core/objects/object.ts'
import { columnsOf, objectTables, type VersionRow } from '#core/objects/object-tables.ts'
import type { CertificateVersion } from './certificate.ts'

type Own = { thumbprint: string | null }
type Row = VersionRow & Own
type Tables = { certificate_version: Row }
type Version = Pick<Row, 'vault' | 'name_key' | 'version'>

/** Names and versions of certificates; a version's chain is sealed. */
export const certificateTables = objectTables<CertificateVersion, Own>({
  kind: 'certificate',
  heads: 'certificate',
  versions: 'certificate_version',
  own: ['thumbprint'],
  manageable: false,
  read: ({ thumbprint }) => ({ thumbprint: thumbprint ?? undefined }),
})

const insertVersion = statement<Tables, Row>((db, given) =>
  db.insertInto('certificate_version').values({
    vault: given('vault'),
    name_key: given('name_key'),
    version: given('version'),
    sealed: given('sealed'),
    thumbprint: given('thumbprint'),
    tags: given('tags'),
    enabled: given('enabled'),
    not_before: given('not_before'),
    expires: given('expires'),
    created: given('created'),
    updated: given('updated'),
  }),
)
const updateAttributes = statement<Tables, Version & Pick<Row, 'tags' | 'enabled' | 'updated'>>((db, given) =>
  db
    .updateTable('certificate_version')
    .set({ tags: given('tags'), enabled: given('enabled'), updated: given('updated') })
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key'))
    .where('version', '=', given('version')),
)
const dropUnissued = statement<Tables, Omit<Version, 'version'>>((db, given) =>
  db
    .deleteFrom('certificate_version')
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key'))
    .where('thumbprint', 'is', null),
)

/** Adds a version and makes it the latest. What only stood for the first one, while that was still to be issued, goes. */
export async function addVersion(
  sql: Sql,
  vault: string,
  certificate: CertificateVersion,
  sealed: Uint8Array,
): Promise<void> {
  await dropUnissued.changed(sql, { vault, name_key: nameKey(certificate.name) })
  await insertVersion.changed(sql, {
    ...columnsOf(vault, certificate),
    sealed,
    thumbprint: certificate.thumbprint ?? null,
    created: certificate.created,
  })
  await certificateTables.makeLatest(sql, vault, certificate)
}

/** Keeps what may change of a version. Its dates are those of the certificate, so they stay. */
export async function keepAttributes(sql: Sql, vault: string, certificate: CertificateVersion): Promise<void> {
  const { not_before: _, expires: __, ...attributes } = columnsOf(vault, certificate)
  await updateAttributes.changed(sql, attributes)
}
