import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { byToken } from '@cardea/client/authorization'
import { credentialFrom } from '@cardea/client/credential'
import { Follower } from '@cardea/client/follower'
import { tokensOf } from '@cardea/client/tokens'
import { openTransport } from '@cardea/client/transport'
import type { Change } from '@cardea/contract/cardea/changes'
import type { RotationView } from '@cardea/contract/cardea/rotations'
import type { SecretBundle } from '@cardea/contract/vault/secrets'
import { environmentOf } from '@cardea/server/environment'
import { referenceContentType } from '../content-types.ts'
import { rotationPath, settingPath } from '../paths.ts'
import { type Service, storeAt, vaultAt } from '../service.ts'
import { startServer } from './children.ts'
import { openTarget, type Target } from './target.ts'

/** All that stands before the play begins: a Cardea, a target, a bound secret with its first version, a setting. */
export type Stage = AsyncDisposable & {
  readonly vault: Service
  /** How the binding stood when it was made. */
  readonly bound: RotationView
  readonly target: Target
  readonly secret: string
  /** What the instances find in their environment. */
  readonly env: Readonly<Record<string, string>>
  read(version?: string): Promise<{ value: string; version: string }>
  /** Calls with each new version of the secret. Gives the function that ends it. */
  follow(published: (change: Change) => void): () => void
}

type Wanted = { readonly data: string | undefined; readonly builtIn: boolean }

/** Starts what the play needs, or finds room for it in somebody’s own Cardea; whatever came so far goes if it fails. */
export async function setStage({ data, builtIn }: Wanted, stop: AbortSignal): Promise<Stage> {
  await using opened = new AsyncDisposableStack()
  const folder = data ?? (await ownServer(opened))
  stop.throwIfAborted()
  const env = environmentOf(folder)
  const {
    NODE_EXTRA_CA_CERTS: caFile,
    AZURE_KEYVAULT_URL: vaultUrl = '',
    AZURE_APPCONFIG_ENDPOINT: storeUrl = '',
  } = env
  const transport = openTransport({ env, ...(caFile !== undefined && { ca: readFileSync(caFile) }) })
  opened.defer(() => transport.close())
  const tokens = tokensOf(credentialFrom(env, transport))
  const vault = vaultAt(vaultUrl, transport, tokens)
  const store = storeAt(storeUrl, transport, byToken(tokens, `${storeUrl}/.default`))

  // In somebody's own Cardea the names must be nobody's yet.
  const suffix = data === undefined ? '' : `-${randomBytes(3).toString('hex')}`
  const secret = `orders-db${suffix}`
  const adminSecret = `orders-admin${suffix}`
  const read = async (version = '') => {
    const { value = '', id } = (await vault.ask<SecretBundle>('GET', `/secrets/${secret}/${version}`)).body
    return { value, version: id.slice(id.lastIndexOf('/') + 1) }
  }
  const target = opened.use(await openTarget(builtIn, async () => (await read()).value))
  stop.throwIfAborted()
  const setting = suffix === '' ? target.setting : target.setting.replace(/^Orders/, `Orders${suffix}`)

  if (data !== undefined) {
    // What was put into somebody's own Cardea goes again, as far as it came.
    opened.defer(async () => {
      const gone = [
        [store, settingPath(setting, undefined)],
        [vault, rotationPath(secret)],
        ...[secret, adminSecret].flatMap((name) => [
          [vault, `/secrets/${name}`] as const,
          [vault, `/deletedsecrets/${name}`] as const,
        ]),
      ] as const
      for (const [service, path] of gone) await service.ask('DELETE', path).catch(() => {})
    })
  }
  if (target.admin !== undefined) await vault.ask('PUT', `/secrets/${adminSecret}`, { value: target.admin })
  const { body: bound } = await vault.ask<RotationView>('PUT', rotationPath(secret), {
    provider: target.provider,
    binding: target.binding(adminSecret),
    intervalSeconds: null,
    graceSeconds: target.graceSeconds,
  })
  await store.ask('PUT', settingPath(setting, undefined), {
    value: JSON.stringify({ uri: `${vault.origin}/secrets/${secret}` }),
    content_type: referenceContentType,
  })

  const kept = opened.move()
  return {
    vault,
    bound,
    target,
    secret,
    env: { ...env, ...target.env, ORDERS_SETTING: setting },
    read,
    follow(published) {
      const follower = new Follower({
        store: new URL(vault.origin),
        open: (after, signal) =>
          vault.follow('/.cardea/changes', after === undefined ? {} : { 'last-event-id': String(after) }, signal),
        stands() {},
        changed(changes) {
          for (const change of changes) {
            if (change.type === 'secret-version-created' && change.name === secret) published(change)
          }
        },
        failed() {},
      })
      return () => follower.close()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** A Cardea of the demo's own, in a process of its own, on free ports, that keeps nothing. */
async function ownServer(opened: AsyncDisposableStack): Promise<string> {
  // Nothing that this shell says about another Cardea may reach it.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CARDEA_')))
  const server = await startServer<{ data: string }>({
    name: 'Cardea',
    file: new URL('../cardea.js', import.meta.url),
    words: ['start', '--json', '--temporary', '--port', '0', '--proxy-port', '0'],
    env,
  })
  opened.use(server)
  return server.told.data
}
