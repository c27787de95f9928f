import type { Kind } from '@cardea/contract/rotation/provider'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import type { Wanted } from './house.ts'
import { openRotating, type Rotating } from './rotating.ts'

/** A house whose rotations are fast, with a far side in memory; for tests of the engine. */
export const withFarSide = async (kind: Kind = 'slots', more: Wanted = {}, admin?: string) => {
  const far = new FakeFarSide(kind, admin)
  const here = await openRotating({
    ...more,
    rotation: { providers: new Map([['fake', far.provider]]), ...more.rotation },
  })
  return { far, here, [Symbol.asyncDispose]: () => here[Symbol.asyncDispose]() }
}
/** Bound to that far side, only on demand. */
export const fake = { provider: 'fake', intervalSeconds: null, graceSeconds: 0 }
export const currentValue = async (here: Rotating, name = 'db'): Promise<string> => (await here.get(name)).json.value
export const versionOf = async (here: Rotating, name = 'db'): Promise<string> =>
  (await here.get(name)).json.id.split('/').at(-1)

/** Holds a rotation at a step, once, for as long as the test wants. */
export const holding = (step: string) => {
  let reached: () => void = () => {}
  let release: () => void = () => {}
  const hold = {
    armed: false,
    arrived: new Promise<void>((resolve) => {
      reached = resolve
    }),
    release: () => release(),
    async onStep(at: string, when: string) {
      if (!hold.armed || at !== step || when !== 'before') return
      hold.armed = false
      reached()
      await new Promise<void>((resolve) => {
        release = resolve
      })
    },
  }
  return hold
}
