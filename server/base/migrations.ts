import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { Database } from './database.ts'
import type { Sql } from './sql.ts'

/**
 * Applies every numbered file once, in order and forward only, each in one turn. A turn that changes things is alone on
 * all nodes, and before the first migration an advisory lock stands in for the head that isn't there yet. Files are
 * plain SQL for both engines and never change after release: `bytea` and `bigint` mean the same to both.
 */
export async function migrate<Entry>(database: Database<Entry>, folder: URL): Promise<string[]> {
  const files = readdirSync(folder)
    .filter((file) => /^\d{3}-.*\.sql$/.test(file))
    .sort()
  return database.write(async ({ sql }) => {
    if (sql.engine === 'postgres') await sql.run('select pg_advisory_xact_lock(20260401)', [])
    await sql.run('create table if not exists migration (name text primary key, digest text not null)', [])
    const { rows } = await sql.run('select name, digest from migration', [])
    const done = new Map((rows as { name: string; digest: string }[]).map(({ name, digest }) => [name, digest]))
    const unknown = [...done.keys()].filter((name) => !files.includes(name))
    if (unknown.length > 0) {
      throw new Error(
        `The database was made by a newer Cardea (${unknown.join(', ')}). Start that version, or a later one.`,
      )
    }
    const applied: string[] = []
    for (const file of files) {
      const text = readFileSync(new URL(file, folder), 'utf8')
      const digest = createHash('sha256').update(text).digest('hex')
      const before = done.get(file)
      if (before === digest) continue
      if (before !== undefined) throw new Error(`${file} has changed since it was applied. Restore the released file.`)
      await apply(sql, text)
      await sql.run(`insert into migration (name, digest) values ('${file}', '${digest}')`, [])
      applied.push(file)
    }
    return applied
  })
}

async function apply(sql: Sql, text: string): Promise<void> {
  const bare = text.replaceAll(new RegExp(`^--${sql.engine} `, 'gm'), '').replace(/^\s*--.*$/gm, '')
  for (const part of bare.split(/;\s*(?:\n|$)/)) {
    if (part.trim() !== '') await sql.run(part, [])
  }
}
