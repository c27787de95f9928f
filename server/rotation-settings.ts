import { brokenIn, defaultTimes, type Times } from '#core/rotation/policy.ts'
import type { SettingsReader } from './settings-reader.ts'

/** How rotations run: their time constants, and whether targets on this very machine may be reached over HTTP. */
export type RotationSettings = { readonly times: Partial<Times>; readonly loopback: boolean }

/** One line for each setting; times are whole seconds. */
export const rotationWords = {
  CARDEA_ROTATION_REQUEST_SECONDS: 'a request to a target takes at most this long (default 10)',
  CARDEA_ROTATION_LEASE_SECONDS: 'how long a worker holds a rotation; more than twice a request (default 60)',
  CARDEA_ROTATION_CLOCK_ERROR_SECONDS: 'how far clocks may run apart within a lease (default 30)',
  CARDEA_ROTATION_QUARANTINE_SECONDS:
    'after a request that was never answered; at least lease, request and clock error together (default 300)',
  CARDEA_ROTATION_GRACE_SECONDS: 'how long an old credential lives where a binding says nothing (default 86400)',
  CARDEA_ROTATION_BACKOFF_SECONDS: 'the longest pause between two attempts (default 3600)',
  CARDEA_ROTATION_GIVE_UP_SECONDS: 'after so long in vain a rotation gives up (default 172800)',
  CARDEA_ROTATION_LOOPBACK: 'yes: bindings may lead to HTTP targets on this machine (default no)',
} as const
type Name = keyof typeof rotationWords

const constants = {
  CARDEA_ROTATION_REQUEST_SECONDS: 'requestMs',
  CARDEA_ROTATION_LEASE_SECONDS: 'leaseMs',
  CARDEA_ROTATION_CLOCK_ERROR_SECONDS: 'clockErrorMs',
  CARDEA_ROTATION_QUARANTINE_SECONDS: 'quarantineMs',
  CARDEA_ROTATION_GRACE_SECONDS: 'graceMs',
  CARDEA_ROTATION_BACKOFF_SECONDS: 'backoffMaxMs',
  CARDEA_ROTATION_GIVE_UP_SECONDS: 'giveUpMs',
} as const satisfies Partial<Record<Name, keyof Times>>

/** The settings of rotations; what is wrong with them is added to what the reader found. */
export function rotationFrom(read: SettingsReader): RotationSettings {
  const { env, wrong } = read
  const times: Partial<Record<keyof Times, number>> = {}
  for (const [name, constant] of Object.entries(constants)) {
    const given = env[name]
    if (given === undefined) continue
    if (/^[1-9]\d{0,8}$/.test(given)) times[constant] = Number(given) * 1000
    else wrong.push(`${name} must be a whole number of seconds, not "${given}"`)
  }
  for (const broken of brokenIn({ ...defaultTimes, ...times })) {
    wrong.push(Object.entries(constants).reduce((said, [name, constant]) => said.replaceAll(constant, name), broken))
  }
  return { times, loopback: read.isYes('CARDEA_ROTATION_LOOPBACK', 'no') }
}
