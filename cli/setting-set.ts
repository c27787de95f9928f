import type { KeyValue } from '@cardea/contract/appconfig/key-values'
import { command, data, json, Misuse, setting, store, vault } from './command.ts'
import { referenceContentType } from './content-types.ts'
import { settingPath } from './paths.ts'
import { paintFor } from './print.ts'
import { hasSecret, vaultOn, withStore } from './service.ts'
import { valueFrom } from './value.ts'
import { originOf, type Way } from './way.ts'

export default command({
  name: 'setting set',
  says: 'Gives a setting a value, or points it at a secret.',
  more: 'What is secret belongs in a vault: keep it there with "secret set", and point at it with --reference.',
  takes: {
    key: setting,
    value: { says: 'its value; without it standard input is read', optional: true },
  },
  options: {
    reference: { type: 'string', value: 'SECRET', says: 'a secret of the vault whose value this setting has' },
    file: { type: 'string', value: 'FILE', says: 'read the value from a file' },
    raw: { type: 'boolean', says: 'keep a line break at the end' },
    label: { type: 'string', value: 'LABEL', says: 'the label' },
    'content-type': { type: 'string', value: 'TYPE', says: 'what the value is' },
    store,
    vault,
    data,
    json,
  },
  examples: ['cardea setting set Shop:Greeting Hello', 'cardea setting set Shop:Database --reference db-password'],
  async run(given, world) {
    const { key, label } = given
    const sources = [given.value, given.reference, given.file].filter((source) => source !== undefined)
    if (sources.length > 1) throw new Misuse('A setting has one value: give VALUE, --reference or --file.')
    const text =
      given.reference === undefined ? (given.value ?? (await valueFrom(world, given, `Value of ${key}`))) : undefined
    return withStore(world, given, async (store, way) => {
      const secret = given.reference
      const vault = secret === undefined ? '' : originOf('--vault', given.vault, way.env.AZURE_KEYVAULT_URL)
      const body =
        secret === undefined
          ? { value: text, content_type: given['content-type'] }
          : {
              value: JSON.stringify({ uri: secretUri(vault, secret) }),
              content_type: referenceContentType,
            }
      const { etag } = (await store.ask<KeyValue>('PUT', settingPath(key, label), body)).body
      const paint = paintFor(world.terminal)
      const points = secret === undefined ? 'is set' : `points at the secret ${paint.name(secret)}`
      world.print(given.json ? JSON.stringify({ key, label: label ?? null, etag }) : `${paint.name(key)} ${points}`)
      if (secret !== undefined && (await isThere(way, vault, secret)) === false) {
        world.tell(
          `There is no secret ${secret} yet: applications that load this setting will wait for it.\nSet it with: cardea secret set ${secret}${given.vault === undefined ? '' : ` --vault ${given.vault}`}`,
        )
      }
      return 0
    })
  },
})

/** What a setting that points at a secret says: of the latest version, or of one. */
export const secretUri = (vault: string, secret: string): string => {
  if (!/^[0-9a-zA-Z-]{1,127}(\/[0-9a-zA-Z]{32})?$/.test(secret))
    throw new Misuse('--reference must be the name of a secret.')
  return `${vault}/secrets/${secret}`
}

/** Whether the secret is there; undefined where that can't be known, which is no reason to fail. */
async function isThere(way: Way, vault: string, secret: string): Promise<boolean | undefined> {
  try {
    return await hasSecret(vaultOn(way, vault), secret.split('/', 1)[0] as string)
  } catch {
    return undefined
  }
}
