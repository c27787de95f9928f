import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '../../fault.ts'
import { type Cryptoki, CryptokiError, type Handle, type TokenInfo } from './cryptoki.ts'
import { CKF, CKM, type MechanismName } from './numbers.ts'

/** A token that is open: a session on it, for as long as the process lives. */
export type Token = {
  readonly cryptoki: Cryptoki
  readonly session: Handle
  readonly label: string
  offers(mechanism: MechanismName): boolean
}

/** A slot's token as everybody may see it, before anybody has logged in. */
type TokenFound = { readonly slot: Handle; readonly info: TokenInfo }

/** The particulars of a fault that trying again would only make worse: a token locks itself after a few wrong PINs. */
const forGood = { final: 'yes' } as const
const final = (words: string, cause?: unknown) => new Fault('unavailable', words, forGood, { cause })
/** Whether trying again would only make it worse. */
export const isFinal = (fault: Fault): boolean => fault.particulars.final === forGood.final

const attemptsMax = 4
const pauseMs = 250

/**
 * Starts a module and works with it, a few times if it must be: a device may need a moment to be there, and files of
 * SoftHSM's are half written while another process logs in. What tried a PIN in vain isn't done again.
 */
export async function started<T>(cryptoki: Cryptoki, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      cryptoki.initialize()
      return await work()
    } catch (error) {
      // Started anew it sees what is there now.
      cryptoki.finalize()
      if (attempt === attemptsMax || (error instanceof Fault && isFinal(error))) {
        if (!(error instanceof CryptokiError)) throw error
        throw new Fault('unavailable', `The module ${cryptoki.file} doesn't start: ${error.message}.`)
      }
    }
    await wait(attempt * pauseMs)
  }
}

/** Finds the token with a label. Logs nobody in. */
export function findToken(cryptoki: Cryptoki, label: string): TokenFound {
  const tokens = cryptoki.slots().flatMap((slot): TokenFound[] => {
    const info = tokenIn(cryptoki, slot)
    return info === undefined || (info.flags & CKF.TOKEN_INITIALIZED) === 0 ? [] : [{ slot, info }]
  })
  const [token, ...others] = tokens.filter(({ info }) => info.label === label)
  if (token === undefined) {
    const labels = tokens.map(({ info }) => `"${info.label}"`).join(', ')
    const words = labels === '' ? 'It shows no token that is initialized.' : `It shows: ${labels}.`
    throw new Fault('unavailable', `The module ${cryptoki.file} has no token with the label "${label}". ${words}`)
  }
  if (others.length > 0) {
    throw new Fault(
      'unavailable',
      `The module ${cryptoki.file} has ${others.length + 1} tokens with the label "${label}". Give one of them another.`,
    )
  }
  return token
}

/** What a slot's token says of itself. One that says nothing keeps nobody from the others. */
function tokenIn(cryptoki: Cryptoki, slot: Handle): TokenInfo | undefined {
  try {
    return cryptoki.token(slot)
  } catch (error) {
    if (error instanceof CryptokiError) return undefined
    throw error
  }
}

/** What a module and a token say of themselves to everybody. */
export type TokenView = {
  readonly library: string
  readonly info: TokenInfo
  readonly mechanisms: readonly MechanismName[]
}

/** Looks at a token without logging in. */
export function viewOf(cryptoki: Cryptoki, label: string): TokenView {
  const { slot, info } = findToken(cryptoki, label)
  const listed = cryptoki.mechanisms(slot)
  const mechanisms = (Object.keys(CKM) as MechanismName[]).filter((name) => listed.has(CKM[name]))
  return { library: cryptoki.library(), info, mechanisms }
}

/** What speaks against logging in, before it is tried: the last try that a token leaves isn't ours to take. */
export function refuseLogin({ label, flags }: Pick<TokenInfo, 'label' | 'flags'>): void {
  const has = (flag: number) => (flags & flag) !== 0
  if (!has(CKF.USER_PIN_INITIALIZED))
    throw new Fault('unavailable', `The token "${label}" has no user PIN yet. Its security officer sets one.`)
  if (has(CKF.USER_PIN_LOCKED))
    throw final(`The user PIN of the token "${label}" is locked. Its security officer unlocks it.`)
  if (has(CKF.USER_PIN_FINAL_TRY)) {
    throw final(
      `The token "${label}" leaves one try of its PIN before it locks, and Cardea doesn't take it. Log in once with another program to prove the PIN.`,
    )
  }
}

/** Opens a token for work. The PIN is tried once. */
export function openToken(cryptoki: Cryptoki, label: string, pin: Buffer): Token {
  const { slot, info } = findToken(cryptoki, label)
  refuseLogin(info)
  const session = loggedIn(cryptoki, slot, label, pin)
  const mechanisms = cryptoki.mechanisms(slot)
  return { cryptoki, session, label, offers: (mechanism) => mechanisms.has(CKM[mechanism]) }
}

function loggedIn(cryptoki: Cryptoki, slot: Handle, label: string, pin: Buffer): Handle {
  try {
    const session = cryptoki.openSession(slot)
    cryptoki.login(session, pin)
    return session
  } catch (error) {
    if (!(error instanceof CryptokiError)) throw error
    if (error.is('USER_ALREADY_LOGGED_IN')) throw final(`Somebody else is logged in to the token "${label}".`, error)
    if (error.is('PIN_INCORRECT', 'PIN_INVALID', 'PIN_LEN_RANGE')) {
      throw final(
        `The token "${label}" refuses the PIN in CARDEA_HSM_PIN_FILE. It isn't tried again: a token locks after a few wrong ones.`,
        error,
      )
    }
    if (error.is('PIN_LOCKED'))
      throw final(`The user PIN of the token "${label}" is locked. Its security officer unlocks it.`, error)
    if (error.is('PIN_EXPIRED')) throw final(`The user PIN of the token "${label}" has expired. Set a new one.`, error)
    throw new Fault('unavailable', `The token "${label}" can't be opened: ${error.message}.`, {}, { cause: error })
  }
}
