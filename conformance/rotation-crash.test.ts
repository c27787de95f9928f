import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { providersWith } from '@cardea/providers/providers'
import { needs } from '@cardea/tools/servers/require'
import { crashMatrix } from './crash-matrix.ts'
import { targetCrashes } from './target-crashes.ts'
import { targets, untried } from './targets/targets.ts'

/**
 * Promise P4 at every moment, with real processes: a part of `npx node conformance/rotation-crash.ts`. What comes right before
 * a step is left out, since it is what comes right after the one before; of the targets, those that begin again quickly
 * are struck where something is changed.
 */
const missing = Object.entries(targets).filter(([, { needs: need }]) => need && needs(need.name, need.find).skip)
const there = Object.keys(targets).filter((provider) => !missing.some(([absent]) => absent === provider))

it('every provider has a target to crash at, or a reason why not', () => {
  const known = [...Object.keys(targets), ...Object.keys(untried)]
  assert.deepEqual(known.sort(), [...providersWith({ loopback: true }).keys()].sort())
})

describe('a rotation', () => {
  it('ends well whenever the server is killed, at every target (P4)', { timeout: 570_000 }, async (context) => {
    for (const [provider, { needs: need }] of missing) context.diagnostic(`${provider}: ${need?.name} isn't installed`)
    for (const { provider, deaths } of await crashMatrix({ providers: there, moments: 'after' })) {
      assert.ok(deaths.length > 10, `${provider}: ${deaths.length} moments`)
      for (const { step, nth, wrong } of deaths)
        assert.deepEqual(wrong, [], `${provider}, killed after ${step} (${nth})`)
      const slowest = Math.max(...deaths.map(({ recoveredMs }) => recoveredMs))
      context.diagnostic(`${provider}: ${deaths.length} deaths, the slowest ended ${slowest} ms later`)
    }
  })

  const struck = ['postgres', 'mariadb', 'redis'].filter((provider) => there.includes(provider))
  const skip = struck.length === 0 && 'none of the servers that could be killed is installed'
  it('ends well whenever the target is killed where it changes something', {
    timeout: 300_000,
    skip,
  }, async (context) => {
    for (const { provider, crashes } of await targetCrashes({ providers: struck, packets: 'last' })) {
      const met = crashes.map(({ step, when }) => `${step} ${when}`)
      assert.deepEqual(met, ['apply asked', 'apply answered', 'retire asked', 'retire answered'], provider)
      for (const { step, when, wrong } of crashes) assert.deepEqual(wrong, [], `${provider}, ${when} during ${step}`)
      context.diagnostic(`${provider}: ${met.join(', ')}`)
    }
  })
})
