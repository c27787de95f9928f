import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { type Manager, vaultPath } from '../planes/management/testing/manager.ts'
import type { Heard, House } from './house.ts'
import type { WebHook } from './receiver.ts'

/** Subscriptions to what happens in a house, as Resource Manager is asked for them; for tests. */
export const at = (path: string, name = 'listener') =>
  `${path}/providers/Microsoft.EventGrid/eventSubscriptions/${name}`
export const vault = vaultPath('demo')

/** Waits until something is so. */
export const until = async (so: () => boolean | Promise<boolean>) => {
  const since = performance.now()
  while (!(await so())) {
    if (performance.now() - since > 15_000) throw new Error('it never came')
    await wait(5)
  }
}
type Terms = Readonly<Record<string, unknown>>
export const body = ({ url }: Pick<WebHook, 'url'>, terms: Terms = {}, destination: Terms = {}) => ({
  properties: {
    destination: { endpointType: 'WebHook', properties: { endpointUrl: url, ...destination } },
    ...terms,
  },
})
export const state = async (manager: Manager, path = at(vault)) => {
  const { json } = await manager.ask('GET', path)
  return json.properties.provisioningState as string
}
const settled = async (manager: Manager, path = at(vault)) => {
  await until(async () => !/ing$/.test(await state(manager, path)))
  return state(manager, path)
}
/** Subscribes, and waits until the address has been asked. */
export const subscribe = async (
  manager: Manager,
  hook: WebHook,
  terms?: Terms,
  path = at(vault),
  destination?: Terms,
) => {
  const put = await manager.ask('PUT', path, body(hook, terms, destination))
  assert.equal(put.status, 201, put.text)
  return settled(manager, path)
}
/** Has the workers look, after a leap of the clock. */
export const wake = (house: House) => house.cardea.base.database.write(async (turn) => turn.stir())

/** Asks about a secret, which must succeed; after a leap of the clock, the keys that sign tokens catch up first. */
export async function secret(house: House, method: string, name: string, given?: object): Promise<Heard> {
  const asked = async () =>
    house.ask(house.vaultHost, method, `/secrets/${name}?api-version=7.4`, {
      token: await house.developerToken(),
      ...(given !== undefined && { body: given }),
    })
  let heard = await asked()
  await until(async () => {
    if (heard.status !== 401) return true
    await wake(house)
    heard = await asked()
    return false
  })
  assert.equal(heard.status, 200, heard.text)
  return heard
}
/** The deliveries that are still to be made, and those that were given up. */
export const left = async (house: House) =>
  (await house.cardea.base.database.read.run('select * from event_delivery', [])).rows as { dead: string | null }[]
