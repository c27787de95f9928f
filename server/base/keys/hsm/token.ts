import { Fault } from '../../fault.ts'
import { Cryptoki, CryptokiError, type Handle, type TokenInfo } from './cryptoki.ts'
import { CKF, CKM, type MechanismName } from './numbers.ts'

/** A token that is open: a session on it, for as long as the process lives. */
export type Token = {
  readonly cryptoki: Cryptoki
  readonly session: Handle
  readonly label: string
  offers(mechanism: MechanismName): boolean
}

/** A slot's token as everybody may see it, before anybody has logged in. */
export type TokenFound = { readonly slot: Handle; readonly info: TokenInfo }

/** The particulars of a fault that trying again would only make worse: a token locks itself after a few wrong PINs. */
const forGood = { final: 'yes' } as const
const final = (words: string, cause?: unknown) => new Fault('unavailable', words, forGood, { cause })
export const isFinal = (fault: Fault): boolean => fault.particulars.final === forGood.final

/** Loads a module, starts it, and finds the token with a label. Logs nobody in. */
export async function findToken(file: string, label: string): Promise<TokenFound & { readonly cryptoki: Cryptoki }> {
  const cryptoki = await Cryptoki.load(file)
  try {
    cryptoki.initialize()
    const found = cryptoki.slots().map((slot): TokenFound => ({ slot, info: cryptoki.token(slot) }))
    const initialized = found.filter(({ info }) => (info.flags & CKF.TOKEN_INITIALIZED) !== 0)
    const [token, ...others] = initialized.filter(({ info }) => info.label === label)
    if (token === undefined) {
      const labels = initialized.map(({ info }) => `"${info.label}"`).join(', ')
      const words = labels === '' ? 'It shows no token that is initialized.' : `It shows: ${labels}.`
      throw new Fault('unavailable', `The module ${file} has no token with the label "${label}". ${words}`)
    }
    if (others.length > 0) {
      throw new Fault(
        'unavailable',
        `The module ${file} has ${others.length + 1} tokens with the label "${label}". Give one of them another.`,
      )
    }
    return { cryptoki, ...token }
  } catch (error) {
    throw error instanceof CryptokiError
      ? new Fault('unavailable', `The module ${file} doesn't start: ${error.message}.`, {}, { cause: error })
      : error
  }
}

/** What a module and a token say of themselves to everybody. */
export type TokenView = {
  readonly library: string
  readonly info: TokenInfo
  readonly mechanisms: readonly MechanismName[]
}

/** Looks at a token without logging in. */
export async function viewOf(file: string, label: string): Promise<TokenView> {
  const { cryptoki, slot, info } = await findToken(file, label)
  const listed = cryptoki.mechanisms(slot)
  const mechanisms = (Object.keys(CKM) as MechanismName[]).filter((name) => listed.has(CKM[name]))
  return { library: cryptoki.library(), info, mechanisms }
}

/** What speaks against logging in, before it is tried: the last try that a token leaves isn't ours to take. */
export function refuseLogin({ label, flags }: Pick<TokenInfo, 'label' | 'flags'>): void {
  const has = (flag: number) => (flags & flag) !== 0
  if (!has(CKF.USER_PIN_INITIALIZED))
    throw final(`The token "${label}" has no user PIN yet. Its security officer sets one.`)
  if (has(CKF.USER_PIN_LOCKED))
    throw final(`The user PIN of the token "${label}" is locked. Its security officer unlocks it.`)
  if (has(CKF.USER_PIN_FINAL_TRY)) {
    throw final(
      `The token "${label}" leaves one try of its PIN before it locks, and Cardea doesn't take it. Log in once with another program to prove the PIN.`,
    )
  }
}

/** Opens a token for work. The PIN is tried once. */
export async function openToken(file: string, tokenLabel: string, pin: Buffer): Promise<Token> {
  const { cryptoki, slot, info } = await findToken(file, tokenLabel)
  refuseLogin(info)
  const session = loggedIn(cryptoki, slot, tokenLabel, pin)
  const mechanisms = cryptoki.mechanisms(slot)
  return { cryptoki, session, label: tokenLabel, offers: (mechanism) => mechanisms.has(CKM[mechanism]) }
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
