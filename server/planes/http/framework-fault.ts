import { Fault } from '#base/fault.ts'

/** What Fastify itself refuses, as a fault; undefined for what is none of its own. */
export function faultOfFramework(error: unknown): Fault | undefined {
  const { code, statusCode } = error as { code?: string; statusCode?: number }
  if (error instanceof Fault || typeof code !== 'string' || !code.startsWith('FST_')) return undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Fault('too-large', 'The request body is larger than this operation takes.', {}, { cause: error })
  if (statusCode !== undefined && statusCode < 500) return malformed('The request is not well-formed.', error)
  return undefined
}

/** A request that is none, or not a whole one. */
export const malformed = (words: string, cause?: unknown): Fault =>
  new Fault('invalid', words, { where: '' }, { cause })
