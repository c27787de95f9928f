import { setTimeout as wait } from 'node:timers/promises'
import type { Credential, FarSide, Provider, Rehearsed } from '@cardea/contract/rotation/provider'
import { list, optional, record, text } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import { askToken, bearer, sourceIn } from '../http/bearer.ts'
import { jsonOf, type Reach, refusal, send } from '../http/request.ts'
import { serviceUrl } from '../http/service-url.ts'
import { Rehearsal } from '../rehearsal.ts'

export type AppRegistration = {
  /** Where Graph is: `https://graph.microsoft.com/v1.0`, or that of a Cardea. */
  readonly graph: string
  /** Where the application asks for tokens with its secret: the proof that the secret works. */
  readonly tokenUrl: string
  readonly scope: string
  /** The secret of the same vault that holds, as JSON, the application which may change this one. */
  readonly admin: string
  /** The object id of the application. */
  readonly application: string
  /** Its client id. */
  readonly clientId: string
}

const dayMs = 86_400_000
/** For a rotation that is asked for and not scheduled; Graph's own default. */
const livesMsDefault = 2 * 365 * dayMs

const address = serviceUrl({ query: true, prefix: true })
const id = text({ pattern: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, wanted: 'a GUID' })

const made = record({ keyId: id, secretText: text({ maxCharacters: 1024 }) })
const listed = record({
  passwordCredentials: list(record({ keyId: id, displayName: optional(text()), hint: optional(text()) })),
})

/**
 * The secrets of an app registration, which Graph makes and shows once. A secret whose answer was lost is known by its
 * display name, which holds the rotation.
 */
export const appRegistration = (reach: Reach): Provider<AppRegistration> => {
  const at = (binding: AppRegistration, rest = ''): URL =>
    new URL(`${binding.graph}/applications/${binding.application}${rest}`)
  const asAdmin = ({ binding, secrets, signal }: FarSide<AppRegistration>) =>
    bearer(sourceIn(secrets[binding.admin], binding.admin, at(binding)), signal, reach)
  const nameOf = (far: FarSide<AppRegistration>): string => `cardea ${far.rotationId}`

  async function passwords(far: FarSide<AppRegistration>, headers: Record<string, string>) {
    const url = at(far.binding)
    const heard = await send({ url, headers }, far.signal, reach)
    if (heard.status !== 200) throw refusal('the reading of an application', url, heard)
    return listed.read(jsonOf(heard), '').passwordCredentials
  }

  async function remove(keyId: string, far: FarSide<AppRegistration>, headers: Record<string, string>): Promise<void> {
    const url = at(far.binding, '/removePassword')
    const heard = await send({ method: 'POST', url, headers, body: JSON.stringify({ keyId }) }, far.signal, reach)
    if (heard.status !== 204 && heard.status !== 404) throw refusal('the removal of a password', url, heard)
  }

  /** Takes away what this rotation has made, but for the one that is kept. */
  async function removeOurs(far: FarSide<AppRegistration>, headers: Record<string, string>, kept?: string) {
    for (const { keyId, displayName } of await passwords(far, headers)) {
      if (displayName === nameOf(far) && keyId !== kept) await remove(keyId, far, headers)
    }
  }
  const sweep = async (far: FarSide<AppRegistration>) => removeOurs(far, await asAdmin(far))

  async function mint(far: FarSide<AppRegistration>): Promise<Credential> {
    const url = at(far.binding, '/addPassword')
    const endDateTime = new Date(Date.now() + (far.livesMs ?? livesMsDefault)).toISOString()
    const body = JSON.stringify({ passwordCredential: { displayName: nameOf(far), endDateTime } })
    const headers = await asAdmin(far)
    const heard = await send({ method: 'POST', url, headers, body }, far.signal, reach)
    if (heard.status !== 200) throw refusal('the making of a password', url, heard)
    const { keyId, secretText } = made.read(jsonOf(heard), '')
    // Somebody between may have asked twice: of the other nobody would ever hear.
    await removeOurs(far, headers, keyId)
    return { value: secretText, slot: keyId }
  }

  const provider: Provider<AppRegistration> = {
    name: 'app-registration',
    kind: 'minted',
    intervalMs: 70 * dayMs,
    binding: record({
      graph: address,
      tokenUrl: address,
      scope: text({ maxCharacters: 1024 }),
      admin: secretName,
      application: id,
      clientId: id,
    }),
    secretsOf: ({ admin }) => [admin],
    placesOf: ({ graph, application }) => [`application ${new URL(graph).host} ${application.toLowerCase()}`],
    slotsOf: () => [],
    slotIn: () => undefined,
    knows: (value) => /^[!-~]{8,256}$/.test(value),
    propose: () => {
      throw new Error('The values of an app registration are made by the directory')
    },

    mint,
    sweep,

    /** What was minted is there; there is nothing to be sent. */
    apply: async () => {},

    async probe({ value }, { binding, signal }) {
      const { tokenUrl, clientId, scope } = binding
      const source = { tokenUrl: new URL(tokenUrl), clientId, clientSecret: value, scope }
      try {
        const asked = await askToken(source, signal, reach)
        return 'token' in asked ? 'valid' : asked.refused ? 'invalid' : 'unknown'
      } catch {
        return 'unknown'
      }
    },

    async retire(credential, far) {
      const headers = await asAdmin(far)
      const keyId = credential.slot ?? (await idByHint(credential, await passwords(far, headers)))
      await remove(keyId, far, headers)
    },

    rehearse,
  }
  return provider

  /** One more password comes and goes; those that are used stay. */
  async function rehearse(far: FarSide<AppRegistration>): Promise<Rehearsed> {
    const rehearsal = new Rehearsal()
    const remedy = () =>
      `Make the application in ${far.binding.admin} an owner of ${far.binding.application}, with Application.ReadWrite.OwnedBy.`
    let value = ''
    const read = await rehearsal.try(
      'The application is read, and nothing is left of a rehearsal.',
      () => sweep(far),
      remedy,
    )
    if (!read) return { checks: rehearsal.checks, clean: true }
    const made = await rehearsal.try(
      'A password is made.',
      async () => {
        value = (await mint(far)).value
      },
      remedy,
    )
    if (made) await rehearsal.try('It gets a token as a program would.', () => becomesValid(value, far))
    const gone = await rehearsal.try('The password is taken away.', () => sweep(far), remedy)
    // Who may not even make one has left none.
    return { checks: rehearsal.checks, clean: gone }
  }

  /** A directory of many servers accepts a new password a little later. */
  async function becomesValid(value: string, far: FarSide<AppRegistration>): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      if ((await provider.probe({ value, slot: undefined }, far)) === 'valid') return
      await wait(pauseMs, undefined, { signal: far.signal })
    }
    throw new Error('No token was given for the new password; look at tokenUrl, clientId and scope in the binding')
  }
}

const attemptsMax = 10
const pauseMs = 500

/** A secret that somebody else has made is told by its first three characters, if they are nobody else's. */
function idByHint(
  { value }: Credential,
  passwords: readonly { readonly keyId: string; readonly hint: string | undefined }[],
): string {
  const found = passwords.filter(({ hint }) => hint !== undefined && hint !== '' && value.startsWith(hint))
  const [only] = found
  if (only === undefined || found.length > 1) {
    throw new Error('Which of the application’s passwords the old one is can’t be told; remove it by hand')
  }
  return only.keyId
}
