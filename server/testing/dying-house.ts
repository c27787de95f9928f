import { openHouse } from './house.ts'
import { heldUpKeys } from './rotating-keys.ts'

/**
 * A house that is killed while it makes a key, with no chance to tidy up; for a test of what is left of it. Its arguments:
 * its folder, how far its clock is ahead in milliseconds, and whether it dies before or after the key is made.
 */
const [data = '', ahead = '0', when] = process.argv.slice(2)
const die = () => process.kill(process.pid, 'SIGKILL')
const keys = heldUpKeys()
const dying: typeof keys = {
  ...keys,
  async generate(shape) {
    if (when === 'after') await keys.generate(shape)
    die()
    // It is dead by then.
    return Promise.withResolvers<never>().promise
  },
}
const { CARDEA_DATABASE } = process.env
await openHouse({
  data,
  env: CARDEA_DATABASE === undefined ? {} : { CARDEA_DATABASE },
  clock: () => Date.now() + Number(ahead),
  custodians: { software: dying },
})
