import assert from 'node:assert/strict'
import { it } from 'node:test'
import { newAccessKey } from './keys-of-store.ts'

it('an access key’s id is never taken for an option by a command that it is given to', () => {
  for (let number = 0; number < 2_000; number += 1) assert.match(newAccessKey().id, /^[0-9a-z]{12}-l0-s0$/)
})
