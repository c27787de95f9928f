import type { Configuration } from '../configuration.ts'
import { type LoadOptions, load } from '../load.ts'
import type { RudeAzure } from './rude-azure.ts'

/** Loads from a rude installation as a program in its environment would; what it is told of stays at hand. */
export async function loadRude(azure: RudeAzure, options: LoadOptions = {}) {
  const configuration: Configuration = await load(azure.endpoint, { clientOptions: azure.clientOptions, ...options })
  const told: string[] = []
  const errors: { key: string | undefined; code: string; text: string }[] = []
  configuration.onChange((changes) => {
    told.push(...changes.map(({ key, previous, current }) => `${key}: ${previous ?? '-'} → ${current ?? '-'}`))
  })
  configuration.onError(({ key, code, message }) => errors.push({ key, code, text: message }))
  return { configuration, told, errors, [Symbol.dispose]: () => configuration.close() }
}
