import { createPublicKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lookIntoPostgres } from '#base/postgres.ts'
import { rootKeyIn } from '#base/root-key.ts'
import { lookIntoSqlite } from '#base/sqlite.ts'
import { type Means, type Verdict, verifyJournal } from '#core/audit/verify.ts'
import { Keyring } from '#core/sealing/keyring.ts'
import { checkpointFile, checkpointsIn } from './checkpoints.ts'

export type Where = {
  /** The data folder: its root key, its checkpoints, and its database unless `database` names another. */
  readonly data: string
  readonly database: string | undefined
  readonly rootKeyFile: string | undefined
  readonly checkpoints: string | undefined
  /** A file with the signer's public key (PEM), as somebody wrote it down before. */
  readonly signer: string | undefined
  readonly progress: (entries: number) => void
}

/** Verifies the journal of deeds of an installation, whether its server runs or not. Changes nothing. */
export async function verifyAudit(where: Where): Promise<Verdict & { readonly kept: number }> {
  const rootKeyFile = where.rootKeyFile ?? join(where.data, 'root.key')
  const file = where.checkpoints ?? checkpointFile(where.data)
  const kept = where.checkpoints !== undefined || existsSync(file) ? checkpointsIn(file) : []
  const means: Means = {
    keyring: existsSync(rootKeyFile) ? new Keyring(rootKeyIn(rootKeyFile)) : undefined,
    kept,
    signer: where.signer === undefined ? undefined : createPublicKey(readFileSync(where.signer, 'utf8')),
    progress: where.progress,
  }
  if (where.database !== undefined) {
    await using looking = await lookIntoPostgres(where.database)
    return { ...(await verifyJournal(looking.sql, means)), kept: kept.length }
  }
  using looking = lookIntoSqlite(join(where.data, 'cardea.db'))
  return { ...(await verifyJournal(looking.sql, means)), kept: kept.length }
}
