import type { KeyObject } from 'node:crypto'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { placeOfSeries } from './audit.ts'
import { checkpointsIn, type KeptSeries, seriesIn, strays, turnsAfter } from './audit-rows.ts'
import { type Link, linkOf, noLink, proofOf } from './chain.ts'
import { type Checkpoint, digestOf, isSigned, type SignedCheckpoint, signerOf } from './checkpoint.ts'

/** What is wrong with the journal, and where. */
type Flaw = { readonly where: string; readonly what: string }

export type Verdict = {
  readonly entries: number
  readonly series: number
  readonly checkpoints: number
  /** Entries after the last checkpoint that names their series: nothing shows if these were cut off. */
  readonly uncovered: number
  /** Whether the root key was at hand, so that links made anew by another would show. */
  readonly proven: boolean
  /** The first of them, up to a limit. */
  readonly flaws: readonly Flaw[]
}

export type Means = {
  /** Opens the keys of series and of the signer; without it, links and signatures are compared with what is there. */
  readonly keyring: Keyring | undefined
  /** Checkpoints that were kept outside the database. */
  readonly kept: readonly SignedCheckpoint[]
  /** The signer's public key as somebody wrote it down; undefined: as the database says. */
  readonly signer?: KeyObject | undefined
  /** Told how many entries have been looked at, now and then. */
  readonly progress?: (entries: number) => void
}

const pageTurns = 500
const flawsMax = 100

/**
 * Looks at the whole journal of deeds: every link follows from the one before it and from its entries, every proof is
 * ours, and every checkpoint finds what it names (promise P10). `sql` should see one state: a transaction that only reads.
 */
export async function verifyJournal(sql: Sql, { keyring, kept, signer, progress }: Means): Promise<Verdict> {
  const flaws: Flaw[] = []
  const flaw = (where: string, what: string) => {
    if (flaws.length < flawsMax) flaws.push({ where, what })
  }
  const checkpoints = await checkpointsIn(sql)
  const named = await namedBy(sql, { checkpoints, kept, keyring, signer }, flaw)
  const all = await seriesIn(sql)
  for (const writer of await strays(sql)) flaw(seriesWords(writer), 'has records, but its beginning is missing')
  let [entries, uncovered] = [0, 0]
  for (const series of all) {
    const wanted = named.get(series.writer)
    named.delete(series.writer)
    const seen = await followSeries(sql, series, wanted ?? new Map(), keyring, flaw, (count) => {
      entries += count
      progress?.(entries)
    })
    const covered = Math.max(0, ...(wanted?.keys() ?? []))
    if (covered > seen) flaw(seriesWords(series.writer), `ends at record ${seen}; a checkpoint saw ${covered}`)
    uncovered += Math.max(0, seen - covered)
  }
  for (const writer of named.keys()) flaw(seriesWords(writer), 'is missing; a checkpoint names it')
  return {
    entries,
    series: all.length,
    checkpoints: checkpoints.length,
    uncovered,
    proven: keyring !== undefined,
    flaws,
  }
}

type Found = (where: string, what: string) => void
const seriesWords = (writer: string): string => `series ${writer}`

/** Walks along a series; gives the number of its last entry. */
async function followSeries(
  sql: Sql,
  { writer, key: sealed }: KeptSeries,
  wanted: ReadonlyMap<number, string>,
  keyring: Keyring | undefined,
  flaw: Found,
  seen: (entries: number) => void,
): Promise<number> {
  const key = keyring === undefined ? undefined : openedKey(keyring, sealed, writer, flaw)
  let before: Uint8Array = noLink
  let last = 0
  for (;;) {
    const turns = await turnsAfter(sql, writer, last === 0 ? -1 : last, pageTurns)
    for (const turn of turns) {
      const where = `${seriesWords(writer)}, records ${turn.first} to ${turn.last}`
      if (turn.first !== last + 1) flaw(where, `records ${last + 1} to ${turn.first - 1} before it are missing`)
      if (countOf(turn) !== turn.last - turn.first + 1) flaw(where, 'it does not hold as many records as it says')
      if (!same(linkOf(before, turn), turn.link)) flaw(where, 'its link does not follow from what is there')
      if (key !== undefined && !same(proofOf(turn.link, key), turn.proof)) flaw(where, 'its link was not made by us')
      const link = wanted.get(turn.last)
      if (link !== undefined && link !== Buffer.from(turn.link).toString('hex'))
        flaw(where, 'a checkpoint saw another link here')
      before = turn.link
      last = Math.max(last, turn.last, turn.first)
      seen(turn.last - turn.first + 1)
    }
    if (turns.length < pageTurns) return last
  }
}

function openedKey(keyring: Keyring, sealed: Uint8Array, writer: string, flaw: Found): KeyObject | undefined {
  try {
    return keyring.keptKey(sealed, placeOfSeries(writer))
  } catch {
    flaw(seriesWords(writer), 'its key does not open with this root key')
    return undefined
  }
}

function countOf({ entries }: Link): number | undefined {
  try {
    const list: unknown = JSON.parse(entries)
    return Array.isArray(list) ? list.length : undefined
  } catch {
    return undefined
  }
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0

type Signed = Pick<Means, 'keyring' | 'kept' | 'signer'> & { readonly checkpoints: readonly SignedCheckpoint[] }

/** Which link each checkpoint saw at which number of which series; says what is wrong with the checkpoints themselves. */
async function namedBy(
  sql: Sql,
  { checkpoints, kept, keyring, signer }: Signed,
  flaw: Found,
): Promise<Map<string, Map<number, string>>> {
  const publicKey = signer ?? (await signerFrom(sql, keyring, flaw))
  if (publicKey === undefined && checkpoints.length + kept.length > 0)
    flaw('checkpoints', 'the key of their signer is missing')
  const named = new Map<string, Map<number, string>>()
  const note = (checkpoint: SignedCheckpoint): void => {
    if (publicKey === undefined) return
    if (!isSigned(checkpoint, publicKey)) {
      flaw(`checkpoint ${checkpoint.number}`, 'its signature is not ours')
      return
    }
    for (const { writer, last, link } of (JSON.parse(checkpoint.body) as Checkpoint).series) {
      const links = named.get(writer) ?? new Map<number, string>()
      named.set(writer, links.set(last, link))
    }
  }
  let previous = ''
  let number = 0
  for (const checkpoint of checkpoints) {
    const where = `checkpoint ${checkpoint.number}`
    if (checkpoint.number !== number + 1) flaw(where, 'the one before it is missing')
    const body = bodyOf(checkpoint)
    if (body?.previous !== previous || body.number !== checkpoint.number)
      flaw(where, 'it does not follow the one before it')
    note(checkpoint)
    previous = digestOf(checkpoint)
    number = checkpoint.number
  }
  const digests = new Map(checkpoints.map((checkpoint) => [checkpoint.number, digestOf(checkpoint)]))
  for (const checkpoint of kept) {
    if (digests.get(checkpoint.number) !== digestOf(checkpoint))
      flaw(`checkpoint ${checkpoint.number}`, 'the database has another one, or none, than was kept outside')
    note(checkpoint)
  }
  return named
}

async function signerFrom(sql: Sql, keyring: Keyring | undefined, flaw: Found): Promise<KeyObject | undefined> {
  try {
    return await signerOf(sql, keyring)
  } catch {
    flaw('checkpoints', 'the key of their signer does not open')
    return undefined
  }
}

function bodyOf({ body }: SignedCheckpoint): Checkpoint | undefined {
  try {
    return JSON.parse(body) as Checkpoint
  } catch {
    return undefined
  }
}
