import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { RotationState, RotationView } from '@cardea/contract/cardea/rotations'
import type { Times } from '#core/rotation/policy.ts'
import { type Heard, type House, openHouse, type Wanted } from './house.ts'

/** The time constants of a world that turns five hundred times faster; their inequalities hold as in ours. */
export const fastTimes: Partial<Times> = {
  requestMs: 200,
  leaseMs: 1_000,
  clockErrorMs: 50,
  quarantineMs: 1_300,
  graceMs: 5_000,
  backoffFirstMs: 20,
  backoffMaxMs: 200,
  giveUpMs: 4_000,
  lookAgainMs: 100,
  silentMs: 1_500,
}

/** A server whose rotations are fast, and the requests that a test of them makes. */
export type Rotating = AsyncDisposable & {
  readonly house: House
  readonly token: string
  /** Takes a new token, after the clock was put forward. */
  renew(): Promise<void>
  ask(method: string, path: string, body?: unknown): Promise<Heard>
  set(name: string, value: string, more?: object): Promise<string>
  get(name: string): Promise<Heard>
  bind(name: string, body: Record<string, unknown>): Promise<Heard>
  rotate(name: string): Promise<RotationView>
  show(name: string): Promise<RotationView>
  report(instance: string, uses: Record<string, string>, application?: string): Promise<Heard>
  /** Waits until the rotation is in one of these states, and shows it. */
  reaches(name: string, ...states: RotationState[]): Promise<NonNullable<RotationView['rotation']>>
  /** Waits until something is so. */
  until(what: string, so: () => boolean | Promise<boolean>): Promise<void>
}

const version = 'api-version=7.4'

export async function openRotating(wanted: Wanted = {}): Promise<Rotating> {
  const times = { ...fastTimes, ...wanted.rotation?.times }
  const house = await openHouse({ ...wanted, rotation: { ...wanted.rotation, times } })
  let token = await house.developerToken()
  const ask: Rotating['ask'] = (method, path, body) => house.ask(house.vaultHost, method, path, { token, body })
  const get = (name: string) => ask('GET', `/secrets/${name}?${version}`)
  const show = async (name: string): Promise<RotationView> => {
    const heard = await ask('GET', `/.cardea/secrets/${name}/rotation`)
    assert.equal(heard.status, 200, heard.text)
    return heard.json as RotationView
  }
  const until: Rotating['until'] = async (what, so) => {
    const since = performance.now()
    while (!(await so())) {
      if (performance.now() - since > 15_000) throw new Error(`it never came that ${what}`)
      await wait(5)
    }
  }
  return {
    house,
    get token() {
      return token
    },
    async renew() {
      token = await house.developerToken()
    },
    ask,
    get,
    show,
    until,
    async set(name, value, more = {}) {
      const heard = await ask('PUT', `/secrets/${name}?${version}`, { value, ...more })
      assert.equal(heard.status, 200, heard.text)
      return heard.json.id.split('/').at(-1)
    },
    bind: (name, body) => ask('PUT', `/.cardea/secrets/${name}/rotation`, { binding: {}, ...body }),
    async rotate(name) {
      const heard = await ask('POST', `/.cardea/secrets/${name}/rotate`)
      assert.equal(heard.status, 202, heard.text)
      return heard.json as RotationView
    },
    report: (instance, uses, application = 'shop') =>
      ask('PUT', `/.cardea/consumers/${instance}`, {
        application,
        uses: Object.entries(uses).map(([secret, version]) => ({ secret, version })),
      }),
    async reaches(name, ...states) {
      let seen: RotationView['rotation'] = null
      const view = async () => {
        seen = (await show(name)).rotation
        return seen !== null && states.includes(seen.state)
      }
      try {
        await until('', view)
      } catch {
        throw new Error(`the rotation of ${name} never was ${states.join(' or ')}; it is ${JSON.stringify(seen)}`)
      }
      return seen as never
    },
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  }
}
