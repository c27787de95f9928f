import { openHouse } from './house.ts'
import { heldUpKeys } from './rotating-keys.ts'

/**
 * A house that is killed while it makes a key or signs with one, with no chance to tidy up; for a test of what is left of it.
 * Its arguments: its folder, how far its clock is ahead in milliseconds, whether it dies before or after the act, which act
 * that is, and the how manieth of them.
 */
const [data = '', ahead = '0', when, act = 'generate', nth = '1'] = process.argv.slice(2)
const keys = heldUpKeys()
let acts = 0

/** Dies right before or after an act, if it is the one. */
async function around<T>(name: string, done: () => Promise<T>): Promise<T> {
  if (name !== act) return done()
  acts += 1
  if (acts < Number(nth)) return done()
  if (when === 'after') await done()
  process.kill(process.pid, 'SIGKILL')
  // It is dead by then.
  return Promise.withResolvers<never>().promise
}

const dying: typeof keys = {
  ...keys,
  generate: (shape) => around('generate', () => keys.generate(shape)),
  sign: (...given) => around('sign', () => keys.sign(...given)),
}
const { CARDEA_DATABASE } = process.env
await openHouse({
  data,
  env: CARDEA_DATABASE === undefined ? {} : { CARDEA_DATABASE },
  clock: () => Date.now() + Number(ahead),
  custodians: { software: dying },
})
