import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import {
  addCheckpoint,
  addSigner,
  headOfSeries,
  type KeptCheckpoint,
  lastCheckpoint,
  markChecked,
  movedSeries,
  signerIn,
} from './audit-rows.ts'

/**
 * A checkpoint says how far each series of the journal has come, and is signed (Ed25519, RFC 8032) with a key that only
 * this installation can open. Kept outside the database as well, it shows when the end of the journal was cut off.
 */
export type Checkpoint = {
  readonly number: number
  readonly at: Instant
  /** SHA-256, in hexadecimal digits, of the checkpoint before this one; empty for the first. */
  readonly previous: string
  /** The series that moved since then. */
  readonly series: readonly SeriesHead[]
}
type SeriesHead = { readonly writer: string; readonly last: number; readonly link: string }

/** How a checkpoint is kept and handed out: the words that were signed, and the signature. */
export type SignedCheckpoint = KeptCheckpoint

/** The kind of checkpoints in the due-index, and how often one is made while the journal grows. */
export const checkpointing = 'audit-checkpoint'
export const checkpointEveryMs = 60_000

/** Makes a checkpoint of what is committed; undefined when nothing was kept since the last one. */
export async function makeCheckpoint(turn: Turn, keyring: Keyring): Promise<SignedCheckpoint | undefined> {
  const { sql, at } = turn
  const series: SeriesHead[] = []
  for (const writer of await movedSeries(sql)) {
    const head = await headOfSeries(sql, writer)
    if (head === undefined) continue
    series.push({ writer, last: head.last, link: Buffer.from(head.link).toString('hex') })
    await markChecked(sql, writer, head.last)
  }
  if (series.length === 0) return undefined
  const before = await lastCheckpoint(sql)
  const body: Checkpoint = {
    number: (before?.number ?? 0) + 1,
    at,
    previous: before === undefined ? '' : digestOf(before),
    series,
  }
  const text = JSON.stringify(body)
  const signed = {
    number: body.number,
    body: text,
    signature: sign(null, Buffer.from(text), await signingKey(sql, keyring)),
  }
  await addCheckpoint(sql, signed)
  return signed
}

/** What the next checkpoint bears of this one. */
export const digestOf = ({ body, signature }: SignedCheckpoint): string =>
  hash('sha256', `${body}\n${Buffer.from(signature).toString('hex')}`)

/** Whether a checkpoint bears the signature of this key. */
export const isSigned = ({ body, signature }: SignedCheckpoint, publicKey: KeyObject): boolean =>
  verify(null, Buffer.from(body), publicKey, signature)

async function signingKey(sql: Sql, keyring: Keyring): Promise<KeyObject> {
  const kept = await signerIn(sql)
  if (kept !== undefined) return createPrivateKey(keyring.unsealByRoot(kept.sealed, placeOfSigner))
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const sealed = keyring.sealByRoot(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, placeOfSigner)
  await addSigner(sql, { publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string, sealed })
  return privateKey
}

/** The public key that checkpoints are signed for: as the database names it, or, with the root key, as it must be. */
export async function signerOf(sql: Sql, keyring: Keyring | undefined): Promise<KeyObject | undefined> {
  const kept = await signerIn(sql)
  if (kept === undefined) return undefined
  return createPublicKey(keyring === undefined ? kept.publicKey : keyring.unsealByRoot(kept.sealed, placeOfSigner))
}

const placeOfSigner = 'audit-signer'
