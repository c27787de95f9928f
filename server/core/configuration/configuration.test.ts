import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Action } from '@cardea/contract/actions'
import { builtInRoles } from '@cardea/contract/roles'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import type { Database } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { createLog } from '#base/log.ts'
import { migrate } from '#base/migrations.ts'
import { openPostgres } from '#base/postgres.ts'
import { keyFrom, SealBroken } from '#base/seal.ts'
import { openSqlite } from '#base/sqlite.ts'
import { AccessBook } from '#core/access/access.ts'
import { foundRole } from '#core/access/assignments.ts'
import { auditLedger } from '#core/audit/audit.ts'
import { type AuditEntry, inside } from '#core/audit/entry.ts'
import { Strangers } from '#core/audit/strangers.ts'
import { changesIn, Outgoing } from '#core/events/events.ts'
import { directoryKey, register } from '#core/identity/directory.ts'
import { type Base, observe, perform, type Scope, type Sight } from '#core/perform.ts'
import { Keyring } from '#core/sealing/keyring.ts'
import { deleteSecret, recoverSecret, setSecret, updateSecret } from '#core/secrets/secrets.ts'
import { newStore } from '#core/vaults/store.ts'
import { newVault } from '#core/vaults/vault.ts'
import { foundStore, foundVault } from '#core/vaults/vaults.ts'
import {
  countRevisions,
  deleteSetting,
  getSetting,
  listNames,
  listRevisions,
  listSettings,
  referrersOf,
  writeSetting,
} from './configuration.ts'
import { trimHistory } from './history.ts'
import type { Condition, Draft, Filter, Moment, RevisionPlace, Selection } from './setting.ts'
import { askForSnapshot, fillSnapshot, listSnapshotSettings } from './snapshots.ts'

const keyring = new Keyring(keyFrom(randomBytes(32)))

const postgres = needs('PostgreSQL', findPostgres)
const domain = 'cardea.internal'
const scope = '/subscriptions/s'
const store = newStore(`${scope}/stores/demo`, 'store/demo', { location: 'local', sku: 'standard' }, 0)
const vault = newVault(`${scope}/vaults/demo`, 'vault/demo', { location: 'local' }, 0)
const any: Filter = { kind: 'any' }
const present: Moment = { kind: 'now' }
const unconditional: Condition = { match: undefined, noneMatch: undefined }
const draft = (value: string, more: Partial<Draft> = {}): Draft => ({
  value,
  contentType: undefined,
  tags: {},
  description: null,
  ...more,
})
const reference = (secret: string) =>
  draft(JSON.stringify({ uri: `https://demo.vault.${domain}/secrets/${secret}` }), {
    contentType: 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8',
  })
const code = (wanted: string) => (error: unknown) => error instanceof Fault && error.code === wanted

/** A house with a store, a vault, and somebody who may do everything in both. */
async function housed(database: Database<AuditEntry>) {
  await migrate(database, new URL('../../migrations/', import.meta.url))
  const outgoing = new Outgoing({
    vaultUrl: (name) => `https://${name}.vault.${domain}`,
    storeUrl: (name) => `https://${name}.config.${domain}`,
  })
  const strangers = new Strangers(undefined, async () => undefined)
  const base: Base = { database, keyring, access: new AccessBook(keyring), clock: Date.now, outgoing, strangers }
  const caller = await database.write(async (turn) => {
    await keyring.create(turn, directoryKey)
    await foundStore(turn, keyring, store)
    await foundVault(turn, keyring, vault)
    const person = await register(turn, keyring, { name: 'tester', kind: 'application' })
    for (const { id } of [builtInRoles.appConfigurationDataOwner, builtInRoles.keyVaultAdministrator]) {
      await foundRole(turn, keyring, { id: `${person.objectId}/${id}`, principal: person.objectId, role: id, scope })
    }
    return { objectId: person.objectId, appId: person.appId }
  })
  const wish = <A extends Action>(action: A) =>
    ({ caller, action, resource: `${scope}/here`, operation: 'Test', circumstances: inside }) as const
  const write = <A extends Action, R>(action: A, act: (scope: Scope<A>) => Promise<R>) =>
    perform(base, wish(action), act)
  const read = <R>(look: (sight: Sight<'settings/read'>) => Promise<R>) => observe(base, wish('settings/read'), look)
  return {
    base,
    write,
    read,
    put: (key: string, label: string | undefined, what: Draft, condition = unconditional) =>
      write('settings/write', (s) => writeSetting(s, store, { key, label }, what, condition, { domain })),
    get: (key: string, label?: string) => read((sight) => getSetting(sight, store, { key, label })),
    remove: (key: string, label?: string, condition = unconditional) =>
      write('settings/delete', (s) => deleteSetting(s, store, { key, label }, condition)),
    list: (key: Filter = any, label: Filter = any, limit = 1000) =>
      read(async (sight) => {
        const selection = { key, label, tags: [] }
        return (await listSettings(sight, store, selection, present, { after: undefined, limit })).items
      }),
    async told(since: number) {
      const told = await changesIn(database.read, store.resourceId, since, 100)
      return told.map(({ told: { type, name, label, version } }) =>
        [
          type,
          name,
          ...(label === undefined ? [] : [`label ${label}`]),
          ...(version === undefined ? [] : [version]),
        ].join(' '),
      )
    },
    now: () => database.write(async ({ at }) => at),
    pause: () => new Promise((resolve) => setTimeout(resolve, 5)),
    sql: (text: string) => database.write((turn) => turn.sql.run(text, [])),
  }
}

const engines = [
  {
    name: 'SQLite',
    skip: false as string | false,
    async open() {
      const folder = mkdtempSync(join(tmpdir(), 'cardea-'))
      const database = openSqlite<AuditEntry>(join(folder, 'cardea.db'), {
        clock: Date.now,
        ledger: auditLedger(keyring),
      })
      return {
        database,
        async close() {
          await database[Symbol.asyncDispose]()
          rmSync(folder, { recursive: true })
        },
      }
    },
  },
  {
    name: 'PostgreSQL',
    skip: postgres.skip,
    async open() {
      const server = await startPostgres()
      const database = await openPostgres<AuditEntry>(server.url(), {
        ledger: auditLedger(keyring),
        log: createLog('silent'),
      })
      return {
        database,
        async close() {
          await database[Symbol.asyncDispose]()
          await server[Symbol.asyncDispose]()
        },
      }
    },
  },
]

for (const engine of engines) {
  describe(`settings on ${engine.name}`, { skip: engine.skip }, () => {
    let opened: Awaited<ReturnType<typeof engine.open>>
    let house: Awaited<ReturnType<typeof housed>>
    before(async () => {
      opened = await engine.open()
      house = await housed(opened.database)
    })
    after(() => opened?.close())

    it('are written whole and read back', async () => {
      const written = await house.put(
        'whole',
        'l',
        draft('v', { contentType: '', tags: { a: '1', b: null }, description: 'd' }),
      )
      assert.deepEqual(await house.get('whole', 'l'), written)
      assert.match(written.etag, /^[\w-]{22}$/)
      const again = await house.put('whole', 'l', draft('w'))
      assert.deepEqual([again.contentType, again.tags, again.description], [undefined, {}, undefined])
      assert.notEqual(again.etag, written.etag)
    })

    it('have one value for each label, and none for no label until it is written', async () => {
      await house.put('labelled', 'a', draft('1'))
      await assert.rejects(house.get('labelled'), code('not-found'))
      await house.put('labelled', undefined, draft('2'))
      assert.equal((await house.get('labelled', 'a')).value, '1')
      assert.equal((await house.get('labelled')).value, '2')
    })

    it('keep every character, also those that mean something elsewhere', async () => {
      for (const [key, label] of [
        ['a$b', 'c'],
        ['a', 'b$c'],
        ['a', 'b%24c'],
        ['ü/😀*,\\', "l'abel"],
      ] as const) {
        await house.put(key, label, draft(`${key}|${label}\u0000`))
      }
      assert.equal((await house.get('a$b', 'c')).value, 'a$b|c\u0000')
      assert.equal((await house.get('a', 'b$c')).value, 'a|b$c\u0000')
      assert.equal((await house.get('ü/😀*,\\', "l'abel")).value, "ü/😀*,\\|l'abel\u0000")
    })

    it('written again with the same content stay as they are: same etag, nothing told', async () => {
      const first = await house.put('same', undefined, draft('v', { tags: { a: '1', b: '2' } }))
      const { sequence } = opened.database
      assert.deepEqual(await house.put('same', undefined, draft('v', { tags: { b: '2', a: '1' } })), first)
      assert.equal(opened.database.sequence, sequence)
    })

    it('tell of each writing and each deletion, with their label', async () => {
      const { sequence } = opened.database
      await house.put('told', 'l', draft('1'))
      await house.put('told', undefined, draft('1'))
      await house.remove('told', 'l')
      assert.equal(await house.remove('told', 'l'), undefined)
      assert.deepEqual(await house.told(sequence), [
        'setting-written told label l',
        'setting-written told',
        'setting-deleted told label l',
      ])
    })

    it('are refused for a condition before they are refused for a lock', async () => {
      const { etag } = await house.put('locked', undefined, draft('1'))
      await house.sql("update setting set locked = 1 where key = 'locked'")
      await assert.rejects(
        house.put('locked', undefined, draft('2'), { match: 'other', noneMatch: undefined }),
        code('precondition'),
      )
      await assert.rejects(
        house.put('locked', undefined, draft('2'), { match: etag, noneMatch: undefined }),
        code('locked'),
      )
      await assert.rejects(house.remove('locked'), code('locked'))
      assert.equal((await house.get('locked')).value, '1')
    })

    it('let exactly one of twenty writers win who all saw the same etag', async () => {
      const { etag } = await house.put('raced', undefined, draft('0'))
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          house.put('raced', undefined, draft(`by ${index}`), { match: etag, noneMatch: undefined }),
        ),
      )
      const winners = outcomes.filter(({ status }) => status === 'fulfilled')
      assert.equal(winners.length, 1)
      assert.ok(outcomes.every((one) => one.status === 'fulfilled' || code('precondition')(one.reason)))
      const [winner] = winners as PromiseFulfilledResult<{ value: string | undefined }>[]
      assert.equal((await house.get('raced')).value, winner?.value.value)
    })

    it('are listed by key and label in the order of their characters, those without a label first', async () => {
      const wanted = [
        ['o/A', ''],
        ['o/B', ''],
        ['o/a', ''],
        ['o/a', 'A'],
        ['o/a', 'a'],
        ['o/a-b', ''],
        ['o/ab', ''],
        ['o/é', ''],
      ]
      for (const [key, label] of wanted.toReversed()) await house.put(key as string, label || undefined, draft('v'))
      const found = await house.list({ kind: 'prefix', prefix: 'o/' })
      assert.deepEqual(
        found.map(({ key, label }) => [key, label ?? '']),
        wanted,
      )
    })

    it('are chosen by prefix with case and wildcards of SQL taken as they are', async () => {
      for (const key of ['f_a%', 'f_a%1', 'fxa%', 'F_a%', 'f_b']) await house.put(key, undefined, draft('v'))
      const keys = async (filter: Filter) => (await house.list(filter)).map(({ key }) => key)
      assert.deepEqual(await keys({ kind: 'prefix', prefix: 'f_a%' }), ['f_a%', 'f_a%1'])
      assert.deepEqual(await keys({ kind: 'these', these: ['f_b', 'F_a%', 'none'] }), ['F_a%', 'f_b'])
    })

    it('are chosen by label, "no label" among them', async () => {
      for (const label of [undefined, 'x', 'xy', 'z']) await house.put('chosen', label, draft('v'))
      const labels = async (filter: Filter) =>
        (await house.list({ kind: 'these', these: ['chosen'] }, filter)).map(({ label }) => label)
      assert.deepEqual(await labels({ kind: 'these', these: [undefined, 'z'] }), [undefined, 'z'])
      assert.deepEqual(await labels({ kind: 'prefix', prefix: 'x' }), ['x', 'xy'])
    })

    it('open only where they were put', async () => {
      await house.put('place/a', undefined, draft('mine'))
      await house.put('place/b', undefined, draft('yours'))
      await house.sql(
        "update setting set sealed = (select sealed from setting where key = 'place/a') where key = 'place/b'",
      )
      await assert.rejects(house.get('place/b'), SealBroken)
      await house.sql("delete from setting where key = 'place/b'")
    })

    it('are told when the secret that they point at changes, in the turn of the change', async () => {
      const set = (name: string, value: string) =>
        house.write('secrets/set', (s) => setSecret(s, vault, name, value, {}))
      const first = await set('Db', 'one')
      await house.put('ref/follows', 'prod', reference('db'))
      await house.put('ref/pinned', undefined, reference(`db/${first.version}`))
      await house.put('ref/other', undefined, reference('cache'))
      const { sequence } = opened.database
      await set('db', 'two')
      await house.write('secrets/update', (s) => updateSecret(s, vault, 'db', first.version, { enabled: false }))
      await house.write('secrets/update', (s) => updateSecret(s, vault, 'db', undefined, { enabled: true }))
      await house.write('secrets/delete', (s) => deleteSecret(s, vault, 'db'))
      await house.write('secrets/recover', (s) => recoverSecret(s, vault, 'db'))
      const [follows, pinned] = ['setting-target-changed ref/follows label prod', 'setting-target-changed ref/pinned']
      assert.deepEqual(await house.told(sequence), [follows, pinned, follows, follows, pinned, follows, pinned])
    })

    it('point no longer at a secret once they say something else or are gone', async () => {
      await house.put('moved', undefined, reference('here'))
      await house.put('gone', undefined, reference('here'))
      assert.equal((await referrersOf(opened.database.read, 'demo', 'HERE')).length, 2)
      await house.put('moved', undefined, draft('plain'))
      await house.remove('gone')
      assert.deepEqual(await referrersOf(opened.database.read, 'demo', 'here'), [])
    })

    it('are found as they were: at a number of the journal, at an instant, and each of their revisions', async () => {
      const all = { after: undefined, limit: 100 }
      const there: Selection = { key: { kind: 'prefix', prefix: 'was/' }, label: any, tags: [] }
      const page = async (moment: Moment, selection = there) => {
        const { items, open } = await house.read((sight) => listSettings(sight, store, selection, moment, all))
        assert.deepEqual(
          (await open()).map(({ key }) => key),
          items.map(({ key }) => key),
        )
        return (await open()).map(({ key, label, value }) => `${key}|${label ?? ''}=${value}`)
      }
      await house.put('was/a', undefined, draft('1', { tags: { t: '1', n: null } }))
      await house.put('was/b', 'x', draft('1', { tags: { t: '1' } }))
      const { sequence } = opened.database
      const instant = await house.now()
      await house.pause()
      await house.put('was/a', undefined, draft('2', { tags: { t: '2' } }))
      await house.remove('was/b', 'x')
      await house.put('was/c', 'y', draft('2'))
      const before = ['was/a|=1', 'was/b|x=1']
      for (const moment of [{ kind: 'sequence', sequence } as const, { kind: 'instant', at: instant } as const]) {
        assert.deepEqual(await page(moment), before)
        assert.deepEqual(await page(moment, { ...there, tags: [{ name: 't', value: '1' }] }), before)
        const none = [
          { name: 't', value: '1' },
          { name: 'n', value: null },
        ]
        assert.deepEqual(await page(moment, { ...there, tags: none }), ['was/a|=1'])
        assert.deepEqual(await page(moment, { ...there, label: { kind: 'prefix', prefix: 'x' } }), ['was/b|x=1'])
        const names = (of: 'key' | 'label') =>
          house.read((sight) => listNames(sight, store, of, there.key, moment, all))
        assert.deepEqual((await names('key')).items, ['was/a', 'was/b'])
      }
      assert.deepEqual(await page(present), ['was/a|=2', 'was/c|y=2'])
      assert.deepEqual(await page(present, { ...there, tags: [{ name: 't', value: '2' }] }), ['was/a|=2'])
      const revisions = async (moment: Moment, after?: RevisionPlace) => {
        const slice = { after, limit: 100 }
        const { open } = await house.read((sight) => listRevisions(sight, store, there, moment, slice))
        return (await open()).map(({ key, value, since }) => ({ key, value, since }))
      }
      const found = await revisions(present)
      assert.deepEqual(
        found.map(({ key, value }) => `${key}=${value}`),
        ['was/a=2', 'was/a=1', 'was/b=1', 'was/c=2'],
      )
      assert.equal((await revisions({ kind: 'sequence', sequence })).length, 2)
      const rest = await revisions(present, { key: 'was/a', label: undefined, since: found[0]?.since ?? 0 })
      assert.deepEqual(rest, found.slice(1))
      assert.equal(await house.read((sight) => countRevisions(sight, store, there, present)), 4)
      await opened.database.write((turn) => trimHistory({ ...turn, sql: turn.sql, at: turn.at + 31 * 86_400_000 }))
      assert.equal((await revisions(present)).length, 2)
      const tags = await opened.database.read.run("select * from setting_tag where key like 'was/%'", [])
      assert.equal(tags.rows.length, 1)
    })

    it('are copied into a snapshot as they were when it was asked for', async () => {
      await house.put('shot/a', undefined, draft('then'))
      const means: Selection = {
        key: { kind: 'prefix', prefix: 'shot/' },
        label: { kind: 'these', these: [undefined] },
        tags: [],
      }
      const filters = [{ means, said: { key: 'shot/*', label: undefined, tags: undefined } }]
      const wanted = { filters, composition: undefined, retentionSeconds: 3_600, tags: {}, description: undefined }
      const nobody = { objectId: 'o', appId: 'a' }
      const made = await house.write('snapshots/write', (s) => askForSnapshot(s, store, 'shot', wanted, nobody))
      assert.deepEqual([made.status, made.composition], ['provisioning', 'key'])
      const again = house.write('snapshots/write', (s) => askForSnapshot(s, store, 'shot', wanted, nobody))
      await assert.rejects(again, code('conflict'))
      await house.put('shot/a', undefined, draft('now'))
      await house.put('shot/b', undefined, draft('now'))
      await house.write('snapshots/write', (s) => fillSnapshot(s, store, 'shot'))
      const { open } = await house.read((sight) => listSnapshotSettings(sight, store, 'shot', 0, 100))
      assert.deepEqual(
        (await open()).map(({ key, value }) => [key, value]),
        [['shot/a', 'then']],
      )
    })

    it('are counted by what they take, with their history and their snapshots', async () => {
      const { read } = opened.database
      const counted = async () => {
        const { rows } = await read.run(`select bytes from store_space where store = '${store.name}'`, [])
        return (rows[0] as { bytes: number }).bytes
      }
      const there = async () => {
        const of = (table: string) => `select octet_length(key) + octet_length(label) + octet_length(tags)
          + coalesce(octet_length(sealed), 0) + coalesce(octet_length(content_type), 0)
          + coalesce(octet_length(description), 0) as bytes from ${table}`
        const tables = ['setting', 'setting_revision', 'snapshot_item'].map(of).join(' union all ')
        const { rows } = await read.run(`select cast(sum(bytes) as bigint) as bytes from (${tables}) as kept`, [])
        return (rows[0] as { bytes: number }).bytes
      }
      const [before, others] = [await counted(), await there()]
      const long = draft('ü'.repeat(500), { tags: { größe: 'ß', none: null }, description: '€', contentType: 'text/ü' })
      await house.put('counted', 'läbel', long)
      assert.ok((await counted()) > before + 1_000)
      await house.put('counted', 'läbel', draft('short'))
      await house.put('counted', 'läbel', { ...draft('short'), value: undefined })
      await house.remove('counted', 'läbel')
      assert.equal((await counted()) - before, (await there()) - others)
      await opened.database.write((turn) => trimHistory({ ...turn, sql: turn.sql, at: turn.at + 31 * 86_400_000 }))
      assert.ok((await counted()) < before + 1_000)
      assert.equal((await counted()) - before, (await there()) - others)
    })

    it('leave nothing of their values in the database in the open', async () => {
      await house.put('hidden', undefined, draft('a-value-that-nobody-may-see'))
      const { rows } = await opened.database.read.run("select * from setting where key = 'hidden'", [])
      const { sealed, ...rest } = rows[0] as { sealed: Uint8Array }
      assert.ok(!Buffer.from(sealed).includes('a-value-that-nobody-may-see'))
      assert.ok(!JSON.stringify(rest).includes('nobody-may-see'))
    })
  })
}
