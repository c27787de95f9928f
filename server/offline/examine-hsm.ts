import { ModuleProcess } from '#base/keys/hsm/module-process.ts'
import type { MechanismName } from '#base/keys/hsm/numbers.ts'
import { type HsmSettings, pinIn } from '#base/keys/hsm/open-hsm.ts'
import { refuseLogin, type TokenView } from '#base/keys/hsm/token.ts'
import { wrapMechanisms } from '#base/keys/hsm/wrapped-key.ts'
import { hsmFrom } from '../settings.ts'
import type { Finding } from './examine-database.ts'

const msMax = 15_000

/** Looks at the hardware module that an environment names, without logging in to it. */
export async function examineHsm(env: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  const wrong: string[] = []
  const hsm = hsmFrom(env, wrong)
  if (wrong.length > 0) {
    const next = 'Give all three as the server has them.'
    return wrong.map((says) => ({ state: 'fail', about: 'hardware module', says, next }))
  }
  return hsm === undefined ? [] : [await moduleFinding(hsm), pinFinding(hsm)]
}

async function moduleFinding({ module, token }: HsmSettings): Promise<Finding> {
  const about = 'hardware module'
  const process = new ModuleProcess()
  try {
    const view = await process.ask('look', { module, token }, msMax)
    refuseLogin(view.info)
    return { about, ...judged(view) }
  } catch (error) {
    return {
      state: 'fail',
      about,
      says: wordsOf(error),
      next: 'Keys of the types …-HSM can’t be used until it answers, and the server doesn’t start.',
    }
  } finally {
    await process.end()
  }
}

/** What algorithms are done by. */
const needed: Readonly<Partial<Record<MechanismName, string>>> = {
  RSA_PKCS_KEY_PAIR_GEN: 'new RSA keys',
  EC_KEY_PAIR_GEN: 'new EC keys',
  RSA_PKCS: 'RS256 to RS512 and RSA1_5',
  RSA_PKCS_PSS: 'PS256 to PS512',
  RSA_PKCS_OAEP: 'RSA-OAEP',
  ECDSA: 'ES256 to ES512',
  AES_GCM: 'A128GCM to A256GCM',
  AES_CBC: 'A128CBC to A256CBC',
  AES_CBC_PAD: 'A128CBCPAD to A256CBCPAD',
  AES_KEY_WRAP: 'A128KW to A256KW',
  SHA256_HMAC: 'HS256',
}

function judged({ library, info, mechanisms }: TokenView): Omit<Finding, 'about'> {
  const what = `${library}, with the token "${info.label}" (${info.model}, firmware ${info.firmware})`
  if (!mechanisms.includes('AES_KEY_GEN') || !wrapMechanisms.some((name) => mechanisms.includes(name))) {
    return {
      state: 'fail',
      says: `${what}, which offers no AES key wrapping with padding`,
      next: 'Choose a token that offers CKM_AES_KEY_WRAP_KWP or CKM_AES_KEY_WRAP_PAD.',
    }
  }
  const missing = Object.entries(needed).flatMap(([name, says]) =>
    mechanisms.includes(name as MechanismName) ? [] : [`${says} (CKM_${name})`],
  )
  if (missing.length === 0) return { state: 'ok', says: `it answers: ${what}` }
  return {
    state: 'warn',
    says: `it answers: ${what}. It doesn’t offer ${missing.join(', ')}`,
    next: 'What needs these is refused with 400; everything else works.',
  }
}

function pinFinding({ pinFile }: HsmSettings): Finding {
  const about = 'PIN file'
  try {
    pinIn(pinFile).fill(0)
    return { state: 'ok', about, says: 'only this user may read it' }
  } catch (error) {
    return { state: 'fail', about, says: wordsOf(error), next: 'The server reads it once, when it starts.' }
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
