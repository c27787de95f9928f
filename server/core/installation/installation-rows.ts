import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Row = {
  one: number
  tenant: string
  subscription: string
  domain: string
  root_check: Uint8Array
  created: number
}
type Tables = { installation: Row }

const only = statement<Tables, Record<never, never>, Row>((db) => db.selectFrom('installation').selectAll())
const insert = statement<Tables, Row>((db, given) =>
  db.insertInto('installation').values({
    one: given('one'),
    tenant: given('tenant'),
    subscription: given('subscription'),
    domain: given('domain'),
    root_check: given('root_check'),
    created: given('created'),
  }),
)
const renew = statement<Tables, { root_check: Uint8Array }>((db, given) =>
  db.updateTable('installation').set({ root_check: given('root_check') }),
)

export type Installation = { readonly tenant: string; readonly subscription: string; readonly domain: string }

export async function installationIn(
  sql: Sql,
): Promise<(Installation & { readonly rootCheck: Uint8Array }) | undefined> {
  const row = await only.first(sql, {})
  return row && { tenant: row.tenant, subscription: row.subscription, domain: row.domain, rootCheck: row.root_check }
}

export async function renewRootCheck(sql: Sql, rootCheck: Uint8Array): Promise<void> {
  await renew.changed(sql, { root_check: rootCheck })
}

export async function addInstallation(
  sql: Sql,
  installation: Installation,
  rootCheck: Uint8Array,
  created: Instant,
): Promise<void> {
  await insert.changed(sql, { one: 1, ...installation, root_check: rootCheck, created })
}
