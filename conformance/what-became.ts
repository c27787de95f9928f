import type { RotatingServer } from './rotating-server.ts'
import type { Stand } from './targets/target.ts'

/** What stood before a rotation was disturbed. */
export type Published = { readonly value: string; readonly id: string; readonly versions: readonly string[] }

/**
 * The state in which a disturbed rotation ended. Whatever isn't as promised is said in `wrong`: what is published must
 * be accepted by the target and what was before refused, no other credential may live there, and one rotation must have
 * made one version and lost none.
 */
export async function whatBecame(
  server: RotatingServer,
  { secret, stand }: { readonly secret: string; readonly stand: Stand },
  before: Published,
  wrong: string[],
): Promise<string> {
  try {
    const { state, lastError } = await server.ends(secret)
    if (state !== 'done') wrong.push(`it ended as ${state}: ${lastError}`)
    const now = await server.current(secret)
    if (now.id === before.id) wrong.push('nothing new was published')
    if (stand.accepts !== undefined) {
      if (!(await stand.accepts(now.value))) wrong.push('what is published is refused')
      if (await stand.accepts(before.value)) wrong.push('the credential before is still accepted')
    }
    const living = await stand.living?.()
    if (living !== undefined && living !== 1) wrong.push(`${living} credentials live at the target`)
    const versions = await server.versions(secret)
    const lost = before.versions.filter((id) => !versions.includes(id))
    if (lost.length > 0) wrong.push(`${lost.length} versions are lost`)
    const made = versions.length - before.versions.length
    if (made !== 1) wrong.push(`one rotation made ${made} versions`)
    return state
  } catch (error) {
    wrong.push((error as Error).message)
    return 'unknown'
  }
}
