import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type Heard, openHouse } from '../../../testing/house.ts'
import { asking, foundAnother, newest } from '../testing/vault.ts'

/** Each test bears a mistake about keys that servers in Azure's clothes are known for, and shows that it isn't made here. */
const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const ask = asking(house, token).ask

const make = async (name: string, more: object = {}): Promise<Heard> => {
  const heard = await ask('POST', `/keys/${name}/create`, { kty: 'EC', ...more })
  assert.equal(heard.status, 200, heard.text)
  return heard
}
const versionOf = ({ json }: Heard): string => json.key.kid.split('/').at(-1)
const signing = { alg: 'ES256', value: Buffer.alloc(32, 7).toString('base64url') }

describe('where emulators go wrong with keys', () => {
  it('version lists sorted by creation time: they are sorted by version id', async () => {
    const made: string[] = []
    for (let count = 0; count < 12; count += 1) made.push(versionOf(await make('sorted')))
    const { json } = await ask('GET', '/keys/sorted/versions')
    assert.deepEqual(
      json.value.map(({ kid }: { kid: string }) => kid.split('/').at(-1)),
      made.toSorted(),
    )
  })

  it('latest means latest enabled: it is the one created last, and a disabled one is refused', async () => {
    const first = await make('latest')
    const second = await make('latest', { attributes: { enabled: false } })
    const heard = await ask('POST', '/keys/latest/sign', signing)
    assert.deepEqual(
      [heard.status, heard.json.error.code, heard.json.error.innererror.code],
      [403, 'Forbidden', 'KeyDisabled'],
    )
    assert.equal(versionOf(await ask('GET', '/keys/latest')), versionOf(second))
    assert.equal((await ask('POST', `/keys/latest/${versionOf(first)}/sign`, signing)).status, 200)
  })

  it('tags merged on PATCH: they are replaced', async () => {
    await make('tags', { tags: { a: '1', b: '2' } })
    assert.deepEqual((await ask('PATCH', '/keys/tags', { tags: { b: '3' } })).json.tags, { b: '3' })
    assert.deepEqual((await ask('PATCH', '/keys/tags', { key_ops: ['sign'] })).json.tags, { b: '3' })
    assert.deepEqual((await ask('PATCH', '/keys/tags', { tags: {} })).json.tags, {})
  })

  it('sign hashes its input, ECDSA in DER: a digest of another length is refused, and a signature is r and s', async () => {
    await make('raw')
    const { json } = await ask('POST', '/keys/raw/sign', signing)
    assert.equal(Buffer.from(json.value, 'base64url').length, 64)
    const message = Buffer.from('a message and no digest').toString('base64url')
    assert.equal((await ask('POST', '/keys/raw/sign', { alg: 'ES256', value: message })).status, 400)
  })

  it('versions of an unknown name are 404: they are an empty list', async () => {
    const heard = await ask('GET', '/keys/unknown/versions')
    assert.deepEqual([heard.status, heard.json], [200, { value: [], nextLink: null }])
  })

  it('a fixed recovery level: it is the vault’s, and so is who purges', async () => {
    const host = await foundAnother(house, 'guarded', { retentionDays: 7, purgeProtection: true })
    const { ask: wish } = asking(house, token, host)
    const { json } = await wish('POST', '/keys/guarded/create', { kty: 'EC' })
    assert.deepEqual([json.attributes.recoveryLevel, json.attributes.recoverableDays], ['CustomizedRecoverable', 7])
    await wish('DELETE', '/keys/guarded')
    const heard = await wish('DELETE', '/deletedkeys/guarded')
    assert.equal(heard.status, 403)
    assert.match(heard.json.error.message, /^Operation "purge" is not allowed because purge protection is enabled/)
    assert.equal((await wish('GET', '/deletedkeys/guarded')).status, 200)
  })

  it('no nextLink member, or a relative one: absolute, with the parameters of the request, null at the end', async () => {
    const { json } = await ask('GET', '/keys/sorted/versions', undefined, `${newest}&maxresults=5`)
    assert.match(
      json.nextLink,
      /^https:\/\/demo\.vault\.cardea\.internal\/keys\/sorted\/versions\?api-version=2026-04-01&\$skiptoken=[\w-]+&maxresults=5$/,
    )
    const seen = json.value.map(({ kid }: { kid: string }) => kid)
    for (let link = json.nextLink; link !== null; ) {
      const next = new URL(link)
      const page = await house.ask(`${next.host}:443`, 'GET', `${next.pathname}${next.search}`, { token })
      seen.push(...page.json.value.map(({ kid }: { kid: string }) => kid))
      link = page.json.nextLink
    }
    assert.equal(new Set(seen).size, 12)
  })

  it('purge answers 200: it is 204, and the name is free', async () => {
    await make('purged')
    await ask('DELETE', '/keys/purged')
    const heard = await ask('DELETE', '/deletedkeys/purged')
    assert.deepEqual([heard.status, heard.text], [204, ''])
    await make('purged')
  })
})
