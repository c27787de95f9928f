import { ConfigurationError } from '@cardea/client/errors'
import { Refusal } from '../command.ts'
import type { Service } from '../service.ts'
import type { World } from '../world.ts'

/** A service that throttles is asked again when it wants to be; so often, before it is more likely wrong than busy. */
const attemptsMax = 60
const pauseMs = 1_000

/** The same service for somebody with much to ask, who waits whenever it asks to be left alone. */
export const patient = (service: Service, { wait }: World): Service => ({
  ...service,
  async ask(...asked) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await service.ask(...asked)
      } catch (error) {
        const busy = (error instanceof Refusal || error instanceof ConfigurationError) && error.code === 'throttled'
        if (!busy || attempt === attemptsMax) throw error
        await wait((error instanceof ConfigurationError && error.retryAfterMs) || pauseMs)
      }
    }
  },
})
