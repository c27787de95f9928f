import { createHash } from 'node:crypto'
import type { Check } from '@cardea/contract/cardea/rehearsals'
import type { Rehearsed } from '@cardea/contract/rotation/provider'

/** Tries one thing after another, and says of what went wrong what an administrator can do about it. */
export class Rehearsal {
  readonly checks: Check[] = []

  /** Whether it went well. */
  async try(what: string, work: () => Promise<void>, remedyOf: Remedy = () => undefined): Promise<boolean> {
    try {
      await work()
      this.note(what)
      return true
    } catch (error) {
      this.note(what, wordsOf(error), remedyOf(error) ?? usualRemedy(error))
      return false
    }
  }

  /**
   * Takes the twin away; the last that is done, whatever went wrong: also what an attempt has left that was torn off.
   * `isNone` tells by what went wrong that there is none.
   */
  async endsWithout(
    work: () => Promise<unknown>,
    remedy: string,
    isNone: (error: unknown) => boolean = () => false,
  ): Promise<Rehearsed> {
    let clean = true
    try {
      await work()
    } catch (error) {
      clean = isNone(error)
      if (!clean) this.note('The twin is taken away.', wordsOf(error), remedy)
    }
    return { checks: this.checks, clean }
  }

  note(what: string, wrong: string | null = null, remedy: string | null = null): void {
    this.checks.push({ what, wrong, remedy })
  }

  get allIsWell(): boolean {
    return this.checks.every(({ wrong }) => wrong === null)
  }
}
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
type Remedy = (error: unknown) => string | undefined

/** A password that is the same in each attempt of one rehearsal. */
export const twinPassword = (seed: string, which: string): string =>
  createHash('sha256').update(`${seed}\0${which}`).digest('base64url')

/** The name of a twin: the same for the same place, so that whoever rehearses next takes away what was left there. */
export const twinName = (place: string): string =>
  `cardea_rehearsal_${createHash('sha256').update(place).digest('hex').slice(0, 12)}`

/** What helps where the far side isn't reached at all, or isn't who it should be. */
function usualRemedy(error: unknown): string | null {
  const { code = '', message = '', name = '' } = error as { code?: string; message?: string; name?: string }
  const told = `${code} ${message}`
  if (/ENOTFOUND|EAI_AGAIN/.test(told)) return 'No such host is known: look at the host in the binding, and at DNS.'
  if (/ECONNREFUSED/.test(told))
    return 'Nothing listens there: look at the port in the binding, and whether the server runs.'
  if (/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|timeout/i.test(`${told} ${name}`)) {
    return 'No way leads there, or a firewall drops it: open the way from Cardea to the host and port of the binding.'
  }
  if (/ALTNAME/i.test(told))
    return 'The certificate is for another host: bind by a name that it holds, or renew it with this name.'
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code) || /certificate/i.test(message)) {
    return 'The certificate isn’t trusted here: add its CA to NODE_EXTRA_CA_CERTS, or renew it if it has expired.'
  }
  if (/SSL|TLS/.test(told))
    return 'The two don’t agree on TLS: switch it on at the target, or look at the TLS setting of the binding.'
  return null
}
