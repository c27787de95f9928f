import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { FarSide } from '@cardea/contract/rotation/provider'
import { farSideOf } from '../testing/far-side.ts'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { administratorOf, startServices } from '../testing/services.ts'
import { type TwoKey, twoKey } from './two-key.ts'

const services = await startServices()
after(() => services[Symbol.asyncDispose]())
const provider = twoKey({ loopback: true })
const mint = provider.mint as NonNullable<typeof provider.mint>
const locate = provider.locate as NonNullable<typeof provider.locate>

const bindingAt = (port: number): TwoKey =>
  provider.binding.read(
    { account: `http://127.0.0.1:${port}/account`, apiVersion: '2023-01-01', admin: 'admin' },
    'binding',
  )
const place = (): FarSide<TwoKey> => farSideOf(bindingAt(services.port), { admin: administratorOf(services) })

providerBehaves(provider, async () => ({
  binding: bindingAt(services.port),
  secrets: { admin: administratorOf(services) },
  farSide: {
    state: async () => [...services.keys],
    port: services.port,
    administrators: async () => ({
      least: { admin: administratorOf(services) },
      powerless: { admin: administratorOf({ ...services, administrator: services.powerless }) },
    }),
    at: (port) => ({ binding: bindingAt(port), secrets: { admin: administratorOf(services, port) } }),
  },
}))

describe('a service with two keys', () => {
  it('tells which of the two a value is', async () => {
    const far = place()
    for (const [name, value] of services.keys) assert.equal(await locate(value, far), name)
    assert.equal(await locate('somebody’s', far), undefined)
  })

  it('makes a key anew and leaves the other as it is', async () => {
    const far = place()
    const kept = services.keys.get('key1')
    const { value, slot } = await mint(far, 'key2')
    assert.equal(slot, 'key2')
    assert.equal(services.keys.get('key2'), value)
    assert.equal(services.keys.get('key1'), kept)
  })

  it('doesn’t make a key anew that has been made anew since', async () => {
    const far = place()
    const old = await mint(far, 'key1')
    const current = await mint(far, 'key1')
    await provider.retire(old, far)
    assert.equal(services.keys.get('key1'), current.value)
  })

  it('is found out when it says that it made a key anew and didn’t, or that it did and failed', async () => {
    const far = place()
    const before = [...services.keys]
    try {
      services.manner = 'lies'
      await assert.rejects(mint(far, 'key1'), /lists the same as before/)
      services.manner = 'contradicts'
      await assert.rejects(mint(far, 'key1'), /answered 200 and an error at once/)
      assert.equal(await provider.probe({ value: before[0]?.[1] ?? '', slot: 'key1' }, far), 'unknown')
    } finally {
      services.manner = 'honest'
    }
    assert.deepEqual([...services.keys], before)
  })

  it('refuses a binding it could not keep', () => {
    const good = bindingAt(services.port)
    for (const wrong of [
      { account: 'https://management.example/x?api-version=1' },
      { account: 'ftp://x' },
      { keys: ['key1', 'key1'] },
      { keys: ['one'] },
      { apiVersion: '1&x=2' },
    ]) {
      assert.throws(() => provider.binding.read({ ...good, ...wrong }, 'binding'), { name: 'ShapeError' })
    }
  })
})
