import assert from 'node:assert/strict'
import { it } from 'node:test'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { listCertificateVersions } from '#core/certificates/certificates.ts'
import { certifyingIn } from './testing/certifying.ts'
import { openNodes } from './testing/nodes.ts'
import { heldUpKeys, until } from './testing/rotating-keys.ts'

const postgres = needs('PostgreSQL', findPostgres)
const minute = 60_000
const policy = { subject: 'CN=one.example', issuer: { name: 'Self' }, key: { type: 'EC' }, validityMonths: 1 } as const

it('two nodes on one PostgreSQL give each certificate that is due one version, also when one of them stops in the middle', {
  skip: postgres.skip,
}, async () => {
  await using database = await startPostgres()
  let ahead = 0
  const clock = () => Date.now() + ahead
  const put = (moment: number) => {
    ahead = moment - Date.now()
  }
  await using opened = new AsyncDisposableStack()
  const door = heldUpKeys()
  opened.defer(() => door.close())
  const nodes = opened.use(await openNodes(database.url(), { clock, custodians: { software: door } }))
  const one = await certifyingIn(nodes.one, clock, put)
  opened.defer(() => one.release())
  const two = await certifyingIn(nodes.two, clock, put)
  opened.defer(() => two.release())
  const versions = (name: string) =>
    two.look('certificates/read', (s) => listCertificateVersions(s, two.vault, name, { after: undefined, limit: 25 }))
  // Two who create the same at once, each at a node of its own: one of them is told so.
  const unknown = { ...policy, issuer: { name: 'Unknown' } }
  const both = await Promise.allSettled([one.ask('once', unknown), two.ask('once', unknown)])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const names = Array.from({ length: 8 }, (_, index) => `c${index}`)
  for (const [index, name] of names.entries()) await (index % 2 === 0 ? one : two).issued(name, policy)
  const { notBefore = 0, expires = 0 } = await one.certificate('c7')
  // Whoever makes the first two never comes to an end of it, as if it had been killed.
  const stop = Promise.withResolvers<void>()
  opened.defer(async () => stop.resolve())
  let begun = 0
  door.before = async () => {
    begun += 1
    if (begun <= 2) await stop.promise
  }
  await one.leapTo(notBefore + Math.ceil((expires - notBefore) * 0.8) + minute)
  await two.leapTo(clock())
  await until('all others are begun', () => begun >= names.length)
  await one.leapTo(clock() + 5 * minute)
  await two.leapTo(clock())
  for (const name of names) await until(`${name} is renewed`, async () => (await versions(name)).length >= 2)
  stop.resolve()
  await until('nothing is being issued', async () => {
    const { rows } = await one.house.cardea.base.database.read.run(
      `select subject from due where kind in ('issue-certificate', 'renew-certificate') and at <= ${clock()}`,
      [],
    )
    return rows.length === 0
  })
  for (const name of names) assert.equal((await versions(name)).length, 2)
})
