import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import type { FarSide } from '@cardea/contract/rotation/provider'
import { farSideOf } from '../testing/far-side.ts'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { administratorOf, startServices } from '../testing/services.ts'
import { type AppRegistration, appRegistration } from './app-registration.ts'

const services = await startServices()
after(() => services[Symbol.asyncDispose]())
const provider = appRegistration({ loopback: true })
const mint = provider.mint as NonNullable<typeof provider.mint>

const bindingAt = (port: number): AppRegistration =>
  provider.binding.read(
    {
      graph: `http://127.0.0.1:${port}/v1.0`,
      tokenUrl: `http://127.0.0.1:${port}/token`,
      scope: 'api://shop/.default',
      admin: 'admin',
      application: services.application.id,
      clientId: services.application.clientId,
    },
    'binding',
  )
const place = (): FarSide<AppRegistration> => farSideOf(bindingAt(services.port), { admin: administratorOf(services) })

providerBehaves(provider, async () => ({
  binding: bindingAt(services.port),
  secrets: { admin: administratorOf(services) },
  farSide: {
    state: async () => [...services.passwords.keys()].sort(),
    port: services.port,
    administrators: async () => ({
      least: { admin: administratorOf(services) },
      powerless: { admin: administratorOf({ ...services, administrator: services.powerless }) },
    }),
    at: (port) => ({ binding: bindingAt(port), secrets: { admin: administratorOf(services, port) } }),
  },
}))

describe('an app registration', () => {
  it('says in the directory which rotation made a secret, and when it ends', async () => {
    const far = { ...place(), livesMs: 140 * 86_400_000 }
    const { slot } = await mint(far, undefined)
    const made = services.passwords.get(slot ?? '')
    assert.equal(made?.displayName, `cardea ${far.rotationId}`)
    const days = (Date.parse(made?.endDateTime ?? '') - Date.now()) / 86_400_000
    assert.ok(days > 139.9 && days < 140.1, String(days))
  })

  it('has an old secret of somebody else’s making removed by its hint, if that tells it', async () => {
    const far = place()
    services.passwords.clear()
    const { value, slot } = await mint(far, undefined)
    await mint({ ...far, rotationId: randomUUID() }, undefined)
    await provider.retire({ value, slot: undefined }, far)
    assert.equal(services.passwords.has(slot ?? ''), false)
    await assert.rejects(provider.retire({ value: '!!!nobody', slot: undefined }, far), /remove it by hand/)
  })

  it('has no secret that nobody knows where somebody between asks twice', async () => {
    const far = place()
    services.passwords.clear()
    services.manner = 'doubles'
    const { slot } = await mint(far, undefined).finally(() => {
      services.manner = 'honest'
    })
    assert.deepEqual([...services.passwords.keys()], [slot])
  })

  it('believes neither a secret that isn’t there, nor a success that is an error as well', async () => {
    const far = place()
    try {
      services.manner = 'lies'
      assert.equal(await provider.probe(await mint(far, undefined), far), 'invalid')
      services.manner = 'honest'
      const known = await mint(far, undefined)
      services.manner = 'contradicts'
      await assert.rejects(mint(far, undefined), /answered 200 and an error at once/)
      assert.equal(await provider.probe(known, far), 'unknown')
    } finally {
      services.manner = 'honest'
    }
  })

  it('sends its administrator’s token to no other service', async () => {
    await using other = await startServices()
    const far = { ...place(), binding: bindingAt(other.port) }
    await assert.rejects(mint(far, undefined), /leads to another service than the binding/)
    assert.deepEqual(other.heard, [])
  })

  it('reaches nothing on this machine where that isn’t meant, and nothing of the cloud’s own', async () => {
    const strict = appRegistration({ loopback: false })
    await assert.rejects((strict.mint as typeof mint)(place(), undefined), /leads where nothing may be sent/)
    const metadata = 'http://169.254.169.254'
    const far = {
      ...place(),
      binding: { ...bindingAt(services.port), graph: `${metadata}/v1.0` },
      secrets: { admin: administratorOf(services).replaceAll(services.origin, metadata) },
    }
    await assert.rejects(mint(far, undefined), /leads where nothing may be sent/)
  })

  it('refuses a binding it could not keep', () => {
    const good = bindingAt(services.port)
    for (const wrong of [
      { graph: 'graph.microsoft.com' },
      { graph: 'https://user:pw@graph.example' },
      { application: '../../users' },
      { clientId: 'x' },
      { tokenUrl: 'file:///etc/passwd' },
    ]) {
      assert.throws(() => provider.binding.read({ ...good, ...wrong }, 'binding'), { name: 'ShapeError' })
    }
  })
})
