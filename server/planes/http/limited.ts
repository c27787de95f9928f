import { json } from '#base/media-types.ts'
import { networkOf } from '#base/network.ts'
import type { Answer, Call } from '../plane.ts'
import { type Crowd, holdBack } from './crowd.ts'
import type { Bare } from './served.ts'

/**
 * What anybody may ask who proves nothing, as far as one network doesn't ask it all the time: so a flood from one place leaves the
 * others their answers. Who was given a token had something to prove themselves with, and isn't counted.
 */
export const limited = (crowd: Crowd, bares: readonly Bare[]): readonly Bare[] =>
  bares.map((bare) => ({
    ...bare,
    async answer(call) {
      const waitMs = holdBack(crowd, call)
      if (waitMs > 0) return tooMany(call, waitMs)
      const answer = await bare.answer(call)
      if (bare.path.endsWith('/token') && answer.status < 400)
        crowd.allowance?.giveBack(networkOf(call.circumstances.address))
      return answer
    },
  }))

/** In Entra's words for it; whoever else asks reads the status and when to come again. */
const tooMany = ({ requestId }: Call, waitMs: number): Answer => ({
  status: 429,
  headers: {
    'content-type': json,
    'cache-control': 'no-store',
    'retry-after': String(Math.ceil(waitMs / 1000)),
    'x-content-type-options': 'nosniff',
  },
  body: JSON.stringify({
    error: 'temporarily_unavailable',
    error_description: `AADSTS90055: There are too many incoming requests from this address. Trace ID: ${requestId}`,
    error_codes: [90055],
    trace_id: requestId,
  }),
})
