import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Fault } from './fault.ts'
import { isPassword } from './password-hash.ts'

it('of a crowd that signs in at once all are looked at whom the line holds, and the others hear when to come again', async () => {
  // As cheap as the algorithm allows.
  const hash = `$argon2id$v=19$m=8,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`
  const answers = await Promise.allSettled(Array.from({ length: 80 }, () => isPassword('wrong', hash)))
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
  assert.equal(refused.length, 80 - 66, 'two are looked at and 64 wait')
  for (const reason of refused) {
    assert.ok(reason instanceof Fault && reason.code === 'throttled' && Number(reason.particulars.retryMs) > 0)
  }
  assert.equal(await isPassword('wrong', hash), false)
})
