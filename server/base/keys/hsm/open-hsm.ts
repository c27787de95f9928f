import { Fault } from '../../fault.ts'
import { readPrivate } from '../../private-files.ts'
import type { KeyDoor } from '../key.ts'
import { HsmKeys } from './hsm-keys.ts'

/** Where the settings say the hardware module is. */
export type HsmSettings = { readonly module: string; readonly token: string; readonly pinFile: string }

/**
 * Opens the hardware module of the settings. What keeps it from opening is said in words, for whoever starts the server;
 * `publicDoor` does what needs no secret.
 */
export async function openHsm(
  { module, token, pinFile }: HsmSettings,
  publicDoor: Pick<KeyDoor, 'verify' | 'encrypt'>,
): Promise<KeyDoor> {
  try {
    return await HsmKeys.open({ module, token, pin: pinIn(pinFile), publicDoor })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Fault('unavailable', `The hardware module can't be used. ${why}`, {}, { cause: error })
  }
}

/** The PIN of a file that only we may read. A line break at its end doesn't belong to it. */
export function pinIn(file: string): Buffer {
  const text = readPrivate(file)
  if (text === undefined) throw new Error(`CARDEA_HSM_PIN_FILE names a file that isn't there: ${file}`)
  const pin = text.replace(/\r?\n$/, '')
  if (pin === '') throw new Error(`${file} holds no PIN.`)
  return Buffer.from(pin)
}
