import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '../../testing/house.ts'
import { asking, newest } from './testing/vault.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const { ask, set } = asking(house, token)

describe('lists on Key Vault’s wire', () => {
  it('come in pages, whose links lead through all names once and in order', async () => {
    // Twelve more on both sides of these, in small letters and capitals and of two versions each; so the last page is full.
    const before = ['alpha', 'Beta', 'gamma', 'Delta', 'epsilon', 'Zeta']
    const behind = ['rho', 'Sigma', 'tau', 'Upsilon', 'phi', 'Psi']
    const others = [...before, ...behind]
    const names = Array.from({ length: 30 }, (_, index) => `page-${String(index).padStart(2, '0')}`)
    for (const name of [...others, ...names, ...others]) await set(name, 'v')
    const found: string[] = []
    let target = `/secrets?${newest}&maxresults=7`
    for (let pages = 0; pages < 50; pages += 1) {
      const { status, json } = await house.ask(house.vaultHost, 'GET', target, { token })
      assert.equal(status, 200)
      assert.ok(json.value.length <= 7)
      found.push(...json.value.map((item: { id: string }) => item.id.split('/').at(-1)))
      for (const item of json.value) assert.equal('value' in item, false)
      if (json.nextLink === null) break
      const link = new URL(json.nextLink)
      assert.equal(link.host, house.vaultHost)
      assert.match(link.search, /maxresults=7/)
      target = `${link.pathname}${link.search.replace('$skiptoken', '%24skiptoken')}`
    }
    const pages = found.filter((name) => name.startsWith('page-'))
    assert.deepEqual(pages, names)
    assert.deepEqual(
      found,
      found.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    )
  })

  it('of versions are ordered by their ids, and empty for a name that isn’t there', async () => {
    for (let count = 0; count < 5; count += 1) await set('versions', String(count))
    const { json } = await ask('GET', '/secrets/versions/versions')
    const ids = json.value.map((item: { id: string }) => item.id.split('/').at(-1))
    assert.equal(ids.length, 5)
    assert.deepEqual(ids, ids.toSorted())
    const nothing = await ask('GET', '/secrets/nobody/versions')
    assert.equal(nothing.status, 200)
    assert.equal(nothing.text, '{"value":[],"nextLink":null}')
  })

  it('refuse a page size and a token that they did not give', async () => {
    for (const query of [
      '&maxresults=0',
      '&maxresults=26',
      '&maxresults=x',
      '&$skiptoken=abc',
      `&$skiptoken=${'a'.repeat(3000)}`,
    ]) {
      const heard = await ask('GET', '/secrets', undefined, newest + query)
      assert.equal(heard.status, 400, query)
      assert.equal(heard.json.error.code, 'BadParameter')
    }
  })
})
