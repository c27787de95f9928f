import type { Action } from '@cardea/contract/actions'
import { SoftwareKeys } from '#base/keys/software-keys.ts'
import { inside } from '#core/audit/entry.ts'
import type { Asked } from '#core/certificates/asking.ts'
import type { CertificateDraft, Operation } from '#core/certificates/certificate.ts'
import { createCertificate, getCertificate } from '#core/certificates/certificates.ts'
import { type Maker, prepareCertificate } from '#core/certificates/making.ts'
import { getOperation } from '#core/certificates/pending.ts'
import type { PolicyDraft } from '#core/certificates/policy.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { observe, perform, type Scope, type Sight } from '#core/perform.ts'
import { getSecret } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { liveVault } from '#core/vaults/vaults.ts'
import { developerKeys } from '../environment.ts'
import { type House, openHouse, type Wanted } from './house.ts'
import { until } from './rotating-keys.ts'

/** A server whose clock can be put forward, and a developer at the doors of its certificates. */
export type Certifying = AsyncDisposable & {
  readonly house: House
  readonly vault: Vault
  readonly caller: { readonly objectId: string; readonly appId: string }
  readonly maker: Maker
  now(): number
  /** Puts the clock forward to a moment, and has all workers look. */
  leapTo(moment: number): Promise<void>
  act<A extends Action, R>(action: A, deed: (scope: Scope<A>) => Promise<R>): Promise<R>
  look<A extends Action, R>(action: A, seen: (sight: Sight<A>) => Promise<R>): Promise<R>
  /** Asks for a certificate by a policy, or by the one that is kept. */
  ask(name: string, policy?: PolicyDraft, draft?: CertificateDraft): Promise<Operation>
  /** The same with what was prepared for it. */
  askPrepared(name: string, policy: PolicyDraft | undefined, asked: Asked, draft?: CertificateDraft): Promise<Operation>
  /** Asks for a certificate, and waits until it is issued. */
  issued(name: string, policy?: PolicyDraft, draft?: CertificateDraft): ReturnType<typeof getCertificate>
  operation(name: string): Promise<Operation>
  certificate(name: string, version?: string): ReturnType<typeof getCertificate>
  secret(name: string, version?: string): ReturnType<typeof getSecret>
  /** Lets go of what it has of its own; the house stays open. */
  release(): Promise<void>
}

export async function openCertifying(wanted: Omit<Wanted, 'clock'> = {}): Promise<Certifying> {
  let ahead = 0
  const now = () => Date.now() + ahead
  return certifyingIn(await openHouse({ ...wanted, clock: now }), now, (moment) => {
    ahead = moment - Date.now()
  })
}

/** The same in a house whose clock somebody else has. */
export async function certifyingIn(
  house: House,
  now: () => number,
  put: (moment: number) => void,
): Promise<Certifying> {
  const software = new SoftwareKeys()
  const { base } = house.cardea
  const { database, keyring } = base
  const vault = (await liveVault(database.read, 'demo')) as Vault
  const developer = await principalByApp(database.read, keyring, developerKeys(house.data).appId)
  if (developer === undefined) throw new Error('the developer is missing')
  const caller = { objectId: developer.objectId, appId: developer.appId }
  const intent = <A extends Action>(action: A) => ({
    ...{ caller, action, operation: 'Test', circumstances: inside },
    resource: vault.resourceId,
  })
  const act: Certifying['act'] = (action, deed) => perform(base, intent(action), deed)
  const look: Certifying['look'] = (action, seen) => observe(base, intent(action), seen)
  const maker = { sql: database.read, keyring, custodians: { software, hsm: undefined } }
  const certificate: Certifying['certificate'] = (name, version) =>
    look('certificates/read', (sight) => getCertificate(sight, vault, name, version))
  const operation: Certifying['operation'] = (name) =>
    look('certificates/read', (sight) => getOperation(sight, vault, name))
  const askPrepared: Certifying['askPrepared'] = (name, policy, asked, draft = {}) =>
    act('certificates/create', (scope) => createCertificate(scope, caller, vault, name, { ...draft, policy }, asked))
  const ask: Certifying['ask'] = async (name, policy, draft) =>
    askPrepared(name, policy, await prepareCertificate(maker, vault, name, policy), draft)
  return {
    ...{ house, vault, caller, maker, now, act, look, ask, askPrepared, operation, certificate },
    async leapTo(moment) {
      put(moment)
      await database.write(async (turn) => turn.stir())
    },
    async issued(name, policy, draft) {
      const { requestId } = await ask(name, policy, draft)
      const ended = async () => {
        const { requestId: id, status } = await operation(name)
        return id === requestId && status !== 'inProgress'
      }
      await until(`${name} is issued`, ended)
      return certificate(name)
    },
    secret: (name, version) => look('secrets/get', (sight) => getSecret(sight, vault, name, version)),
    release: () => software.close(),
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]()
      await software.close()
    },
  }
}
