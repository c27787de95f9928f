import type { Clients } from './durability-clients.ts'

/** The rows of a statement, from a database that nobody serves any more. */
export type Look = (text: string) => Promise<readonly Record<string, unknown>[]>

export type Remains = { readonly versions: number; readonly changes: number; readonly entries: number }

/**
 * What the database itself says after the end, compared with what clients were told. Counts of the vault's own deeds
 * must agree with each other: a version without its change or its entry would be half a write.
 */
export async function autopsy(look: Look, { told, names }: Clients): Promise<Remains> {
  const wrong = (words: string) => told.wrong.push(words)
  const none = async (text: string, words: string) => {
    const rows = await look(text)
    if (rows.length > 0) wrong(`${words}: ${rows.length}, among them ${JSON.stringify(rows[0])}`)
  }
  const count = async (text: string) => Number((await look(`select count(*) as count from ${text}`))[0]?.count)

  const entries = new Map<string, { operation: string; outcome: string; times: number }>()
  for (const row of await look("select operation, outcome, correlation from audit where correlation <> ''")) {
    const before = entries.get(String(row.correlation))
    const { operation, outcome } = row as { operation: string; outcome: string }
    entries.set(String(row.correlation), { operation, outcome, times: (before?.times ?? 0) + 1 })
  }
  for (const id of told.reads) {
    const times = entries.get(id)?.times ?? 0
    if (times !== 1) wrong(`the read ${id} was answered and has ${times} audit records`)
  }
  for (const [id, kind] of told.writes) {
    const entry = entries.get(id)
    const operation = { set: 'SecretSet', update: 'SecretUpdate', delete: 'SecretDelete', recover: 'SecretRecover' }[
      kind
    ]
    if (entry?.times !== 1 || entry.operation !== operation || entry.outcome !== 'done')
      wrong(`the write ${id} (${kind}) was answered; its audit record is ${JSON.stringify(entry)}`)
  }

  await none(
    'select writer, count(*) as there, max(number) as last, min(number) as first from audit group by writer having count(*) <> max(number) or min(number) <> 1',
    'audit series with gaps',
  )
  const [journal] = await look('select count(*) as there, max(sequence) as last, min(sequence) as first from change')
  const [head] = await look('select sequence from head')
  const { there, last, first } = journal as { there: unknown; last: unknown; first: unknown }
  if (
    Number(there) !== Number(last) ||
    Number(there) !== Number(head?.sequence) ||
    (Number(there) > 0 && Number(first) !== 1)
  )
    wrong(`the change journal has gaps: ${there} changes from ${first} to ${last}, the head says ${head?.sequence}`)

  await none(
    "select c.sequence from change c left join secret_version v on v.version = c.version where c.type = 'secret-version-created' and v.version is null",
    'changes without their version',
  )
  await none(
    "select v.version from secret_version v left join change c on c.version = v.version and c.type = 'secret-version-created' where c.sequence is null",
    'versions without their change',
  )
  await none(
    'select s.name from secret s left join secret_version v on v.vault = s.vault and v.name_key = s.name_key and v.version = s.version where v.version is null',
    'names without their latest version',
  )
  const kinds = [
    ['SecretSet', 'secret-version-created'],
    ['SecretUpdate', 'secret-updated'],
    ['SecretDelete', 'secret-deleted'],
    ['SecretRecover', 'secret-recovered'],
  ]
  for (const [operation, type] of kinds) {
    const done = await count(`audit where operation = '${operation}' and outcome = 'done'`)
    const told = await count(`change where type = '${type}'`)
    if (done !== told) wrong(`${done} audit records of ${operation}, but ${told} changes ${type}`)
  }
  const kept = new Set((await look('select version from secret_version')).map(({ version }) => String(version)))
  for (const { name, versions } of names) {
    for (const version of versions.keys())
      if (!kept.has(version)) wrong(`${name}/${version} was promised and has no row`)
  }
  return { versions: kept.size, changes: Number(there), entries: await count('audit') }
}
