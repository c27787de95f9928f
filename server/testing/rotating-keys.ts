import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { KeyDoor } from '#base/keys/key.ts'
import { SoftwareKeys } from '#base/keys/software-keys.ts'
import { type Heard, type House, openHouse, type Wanted } from './house.ts'

/** A server with keys whose clock can be put forward, and the requests that a test of their rotation makes. */
export type RotatingKeys = AsyncDisposable & {
  readonly house: House
  /** How far the clock is ahead, in milliseconds. */
  readonly ahead: () => number
  /** What the clock shows, in milliseconds. */
  now(): number
  /** Puts the clock forward to a moment, and has all workers look. */
  leapTo(moment: number): Promise<void>
  ask(method: string, path: string, body?: unknown): Promise<Heard>
  /** The same, where nothing else than success will do. */
  done(method: string, path: string, body?: unknown): Promise<Heard['json']>
  /** A new key on the curve P-256, or of what else is named. */
  create(name: string, more?: object): Promise<Heard['json']>
  /** Gives a key a policy: `rotate` is its trigger. */
  policy(name: string, given: { expiryTime?: string; rotate?: object; notify?: string }): Promise<Heard['json']>
  /** The latest version. */
  latest(name: string): Promise<Heard['json']>
  /** All versions, the oldest first. */
  versions(name: string): Promise<{ kid: string; attributes: { created: number; exp?: number } }[]>
  /** Waits until a key has so many versions, and gives the latest. */
  reaches(name: string, count: number): Promise<Heard['json']>
  /** Waits until nothing is due any more. */
  rests(): Promise<void>
}

export async function openRotatingKeys(wanted: Omit<Wanted, 'clock'> = {}): Promise<RotatingKeys> {
  let ahead = 0
  const now = () => Date.now() + ahead
  return rotatingKeysIn(await openHouse({ ...wanted, clock: now }), now, (moment) => {
    ahead = moment - Date.now()
  })
}

/** The same in a house whose clock somebody else has. */
export async function rotatingKeysIn(
  house: House,
  now: () => number,
  put: (moment: number) => void,
): Promise<RotatingKeys> {
  let token = await house.developerToken()
  const ask: RotatingKeys['ask'] = (method, path, body) =>
    house.ask(house.vaultHost, method, `${path}?api-version=7.4`, { token, ...(body !== undefined && { body }) })
  const done: RotatingKeys['done'] = async (method, path, body) => {
    const heard = await ask(method, path, body)
    assert.ok(heard.status < 300, `${method} ${path}: ${heard.status} ${heard.text}`)
    return heard.json
  }
  const versions: RotatingKeys['versions'] = async (name) =>
    (await done('GET', `/keys/${name}/versions`)).value.toSorted(
      (a: { attributes: { created: number } }, b: { attributes: { created: number } }) =>
        a.attributes.created - b.attributes.created,
    )
  const { database } = house.cardea.base
  const wake = () => database.write(async (turn) => turn.stir())
  return {
    house,
    ahead: () => now() - Date.now(),
    now,
    ask,
    done,
    versions,
    async leapTo(moment) {
      put(moment)
      await wake()
      // The keys that sign tokens catch up first.
      const heard = async () => {
        token = await house.developerToken()
        return (await ask('GET', '/keys')).status
      }
      await until('anybody is known after a leap', async () => (await heard()) !== 401)
    },
    create: (name, more = {}) => done('POST', `/keys/${name}/create`, { kty: 'EC', ...more }),
    policy: (name, { expiryTime, rotate, notify }) =>
      done('PUT', `/keys/${name}/rotationpolicy`, {
        lifetimeActions: [
          ...(rotate === undefined ? [] : [{ trigger: rotate, action: { type: 'Rotate' } }]),
          ...(notify === undefined ? [] : [{ trigger: { timeBeforeExpiry: notify }, action: { type: 'Notify' } }]),
        ],
        attributes: { expiryTime },
      }),
    latest: (name) => done('GET', `/keys/${name}`),
    async reaches(name, count) {
      await until(`${name} has ${count} versions`, async () => (await versions(name)).length >= count)
      assert.equal((await versions(name)).length, count)
      return done('GET', `/keys/${name}`)
    },
    async rests() {
      const due = async () => {
        const { rows } = await database.read.run(
          `select subject from due where kind in ('rotate-key', 'key-expiry') and at <= ${now()}`,
          [],
        )
        return rows.length
      }
      await until('nothing is due', async () => (await due()) === 0)
    },
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  }
}

/** Waits until something is so. */
export async function until(what: string, so: () => boolean | Promise<boolean>): Promise<void> {
  const since = performance.now()
  while (!(await so())) {
    if (performance.now() - since > 20_000) throw new Error(`it never came that ${what}`)
    await wait(10)
  }
}

/** Keys in software, whose making waits for what a test wants first. */
export type HeldUp = KeyDoor & { before: () => Promise<unknown> }

export function heldUpKeys(): HeldUp {
  const keys = new SoftwareKeys()
  return {
    before: async () => {},
    async generate(shape) {
      await this.before()
      return keys.generate(shape)
    },
    adopt: (jwk) => keys.adopt(jwk),
    sign: (...given) => keys.sign(...given),
    verify: (...given) => keys.verify(...given),
    encrypt: (...given) => keys.encrypt(...given),
    decrypt: (...given) => keys.decrypt(...given),
    close: () => keys.close(),
  }
}
