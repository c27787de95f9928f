import type { ConfigurationError } from './errors.ts'
import type { Reference } from './reference.ts'

/** A version of the secret that a reference means. */
export type SecretVersion = { readonly reference: Reference; readonly version: string }

/** What one key has. For a Key Vault reference, the value is the secret's, and `secret` says which version of it. */
export type Entry = {
  readonly value: string
  readonly contentType: string | undefined
  readonly secret: SecretVersion | undefined
}
/** A whole configuration at one moment. It is never changed, only replaced. */
export type State = ReadonlyMap<string, Entry>

/** One key that has another value now. `current` is absent when the key is gone, `previous` when it is new. */
export type ConfigurationChange = {
  readonly key: string
  readonly previous?: string
  readonly current?: string
  /** The secret's version, if the value is a secret's. */
  readonly version?: string
}

/** What stands where a value can't be had now. `refused` says what was refused, if that won't pass by itself. */
export type Gap = { readonly error: ConfigurationError; readonly refused?: string | undefined }

/** The state that follows: where a value can't be had, the last good one stays. */
export function nextState(wanted: ReadonlyMap<string, Entry | Gap>, previous: State): State {
  const next = new Map<string, Entry>()
  for (const [key, found] of wanted) {
    const entry = 'error' in found ? previous.get(key) : found
    if (entry) next.set(key, entry)
  }
  return next
}

/** The keys whose value differs, and nothing else. */
export function changesBetween(before: State, after: State): ConfigurationChange[] {
  const keys = new Set([...before.keys(), ...after.keys()])
  return [...keys].flatMap((key) => {
    const [old, now] = [before.get(key), after.get(key)]
    if (old?.value === now?.value) return []
    return [
      {
        key,
        ...(old && { previous: old.value }),
        ...(now && { current: now.value }),
        ...(now?.secret && { version: now.secret.version }),
      },
    ]
  })
}
