import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { checkpointFile } from '../../offline/checkpoints.ts'
import { verifyAudit } from '../../offline/verify-audit.ts'
import { openHouse } from '../../testing/house.ts'

const folder = mkdtempSync(join(tmpdir(), 'cardea-journal-'))
const data = join(folder, 'data')
let entries = 0
// Three lives of one server: a series each, some turns with many records, some with one.
for (let life = 0; life < 3; life += 1) {
  await using house = await openHouse({ data })
  const token = await house.developerToken()
  const get = (name: string) => house.ask(house.vaultHost, 'GET', `/secrets/${name}?api-version=7.4`, { token })
  for (let count = 0; count < 8; count += 1) await get(`one-${count}`)
  await Promise.all(Array.from({ length: 20 }, (_, count) => get(`many-${count}`)))
  entries = (await house.deeds()).length
}
after(() => rmSync(folder, { recursive: true }))

type Wish = {
  readonly tamper?: (database: DatabaseSync) => void
  readonly rootKey?: boolean
  readonly checkpoints?: string
}

/** A copy of the installation, tampered with, and what the verifier says of it. */
async function verdictOn({ tamper, rootKey = true, checkpoints }: Wish) {
  const copy = mkdtempSync(join(folder, 'copy-'))
  cpSync(data, copy, { recursive: true })
  const database = new DatabaseSync(join(copy, 'cardea.db'))
  tamper?.(database)
  database.close()
  return verifyAudit({
    data: copy,
    database: undefined,
    rootKeyFile: rootKey ? undefined : join(copy, 'no-root-key'),
    checkpoints,
    signer: undefined,
    progress: () => {},
  })
}

let seed = 20_261_121
/** Small and repeatable (Park and Miller's generator), so that a failure can be looked at again. */
const chance = (below: number): number => {
  seed = (seed * 48_271) % 2_147_483_647
  return seed % below
}
const pick = <T>(list: readonly T[]): T => list[chance(list.length)] as T

type Turn = { writer: string; first: number; last: number; at: number; entries: string }
const turnsOf = (database: DatabaseSync) =>
  database.prepare('select * from audit_turn order by writer, first').all() as unknown as Turn[]
const at = 'where writer = ? and first = ?'

/** What somebody with the whole database, but without the root key, may try. */
const mutations: Record<string, (database: DatabaseSync) => void> = {
  'a character of a record is changed'(database) {
    const { writer, first, entries } = pick(turnsOf(database))
    const place = 3 + chance(entries.length - 6)
    const changed = `${entries.slice(0, place)}${entries[place] === 'x' ? 'y' : 'x'}${entries.slice(place + 1)}`
    database.prepare(`update audit_turn set entries = ? ${at}`).run(changed, writer, first)
  },
  'a record is taken out of its turn'(database) {
    const { writer, first, entries } = pick(turnsOf(database))
    const list = JSON.parse(entries) as unknown[]
    list.splice(chance(list.length), 1)
    database.prepare(`update audit_turn set entries = ? ${at}`).run(JSON.stringify(list), writer, first)
  },
  'two records are swapped'(database) {
    const { writer, first, entries } = pick(turnsOf(database).filter((turn) => turn.last > turn.first))
    const list = JSON.parse(entries) as unknown[]
    database.prepare(`update audit_turn set entries = ? ${at}`).run(JSON.stringify(list.reverse()), writer, first)
  },
  'the records of two turns are swapped'(database) {
    const [one, other] = [pick(turnsOf(database)), pick(turnsOf(database))]
    const put = database.prepare(`update audit_turn set entries = ? ${at}`)
    put.run(`${other.entries} `, one.writer, one.first)
    put.run(`${one.entries} `, other.writer, other.first)
  },
  'a turn is removed'(database) {
    const { writer, first } = pick(turnsOf(database))
    database.prepare(`delete from audit_turn ${at}`).run(writer, first)
  },
  'the end of a series is cut off'(database) {
    const { writer, first } = pick(turnsOf(database))
    database.prepare('delete from audit_turn where writer = ? and first >= ?').run(writer, first)
  },
  'a whole series is removed'(database) {
    const { writer } = pick(turnsOf(database))
    database.prepare('delete from audit_turn where writer = ?').run(writer)
    database.prepare('delete from audit_series where writer = ?').run(writer)
  },
  'the beginning of a series is removed'(database) {
    database.prepare('delete from audit_series where writer = ?').run(pick(turnsOf(database)).writer)
  },
  'a time is changed'(database) {
    const { writer, first } = pick(turnsOf(database))
    database.prepare(`update audit_turn set at = at + ? ${at}`).run(1 + chance(1000), writer, first)
  },
  'a turn is added'(database) {
    const { writer, last } = turnsOf(database).at(-1) as Turn
    const add =
      'insert into audit_turn select writer, ?, ?, at, entries, link, proof from audit_turn where writer = ? limit 1'
    database.prepare(add).run(last + 1, last + 1, writer)
  },
  'a link is changed'(database) {
    const { writer, first } = pick(turnsOf(database))
    database.prepare(`update audit_turn set link = randomblob(32) ${at}`).run(writer, first)
  },
  'a proof is changed'(database) {
    const { writer, first } = pick(turnsOf(database))
    database.prepare(`update audit_turn set proof = randomblob(32) ${at}`).run(writer, first)
  },
  'a checkpoint is removed'(database) {
    database.prepare('delete from audit_checkpoint where number = (select max(number) from audit_checkpoint)').run()
  },
  'a checkpoint is changed'(database) {
    database
      .prepare('update audit_checkpoint set body = replace(body, \'"last":\', \'"last":1\') where number = 1')
      .run()
  },
  'the signer is another'(database) {
    database.prepare('update audit_signer set sealed = randomblob(200)').run()
  },
  'journal, series and checkpoints are all emptied'(database) {
    database.exec(
      'delete from audit_turn; delete from audit_series; delete from audit_checkpoint; delete from audit_signer',
    )
  },
}

describe('the journal of deeds, looked at from outside (P10)', () => {
  it('is as it was written, to the last record', async () => {
    const verdict = await verdictOn({})
    assert.deepEqual(verdict.flaws, [])
    assert.ok(verdict.entries >= entries && entries > 80)
    assert.deepEqual([verdict.series, verdict.proven, verdict.uncovered], [3, true, 0])
    assert.ok(verdict.checkpoints >= 3 && verdict.kept === verdict.checkpoints)
  })

  for (const [what, tamper] of Object.entries(mutations)) {
    it(`shows it when ${what}, wherever it is`, async () => {
      for (let round = 0; round < 12; round += 1) {
        const before = seed
        const { flaws } = await verdictOn({ tamper })
        assert.ok(flaws.length > 0, `with seed ${before}`)
      }
    })
  }

  it('shows without the root key what breaks the chain or a checkpoint', async () => {
    const needsKey = new Set(['a proof is changed', 'the signer is another'])
    for (const [what, tamper] of Object.entries(mutations)) {
      if (needsKey.has(what)) continue
      const { flaws, proven } = await verdictOn({ tamper, rootKey: false })
      assert.ok(flaws.length > 0, what)
      assert.equal(proven, false)
    }
  })

  it('shows by checkpoints that were copied away what was cut off both journal and folder', async () => {
    const away = join(folder, 'away.jsonl')
    writeFileSync(away, readFileSync(checkpointFile(data)))
    const tamper = mutations['journal, series and checkpoints are all emptied']
    const { flaws } = await verdictOn({ ...(tamper !== undefined && { tamper }), checkpoints: away })
    assert.ok(flaws.some(({ what }) => what.includes('kept outside')))
  })

  it('takes no notice of a last line that a crash cut short, but of any other', async () => {
    const away = join(folder, 'short.jsonl')
    const whole = readFileSync(checkpointFile(data), 'utf8')
    writeFileSync(away, whole)
    appendFileSync(away, '{"number":99,"bo')
    assert.deepEqual((await verdictOn({ checkpoints: away })).flaws, [])
    writeFileSync(away, `what is this\n${whole}`)
    await assert.rejects(verdictOn({ checkpoints: away }), /Line 1 of .* is no checkpoint/)
  })
})

const postgres = needs('PostgreSQL', findPostgres)
describe('the journal of deeds on PostgreSQL (P10)', { skip: postgres.skip }, () => {
  it('is verified in the database, while its server runs, and shows a change', async () => {
    await using server = await startPostgres()
    await using house = await openHouse({ env: { CARDEA_DATABASE: server.url() } })
    const token = await house.developerToken()
    for (let count = 0; count < 5; count += 1)
      await house.ask(house.vaultHost, 'GET', `/secrets/nothing-${count}?api-version=7.4`, { token })
    const verdict = () =>
      verifyAudit({
        ...{ data: house.data, database: server.url(), rootKeyFile: undefined, checkpoints: undefined },
        ...{ signer: undefined, progress: () => {} },
      })
    const { entries, flaws, uncovered } = await verdict()
    assert.deepEqual(flaws, [])
    assert.ok(entries >= 6 && uncovered === entries)
    const { database } = house.cardea.base
    await database.write(({ sql }) =>
      sql.run("update audit_turn set entries = replace(entries, 'SecretGet', 'SecretSet')", []),
    )
    assert.ok((await verdict()).flaws.length >= 5)
  })
})
