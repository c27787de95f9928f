import { homedir } from 'node:os'
import { join } from 'node:path'
import { credentialFrom } from '@cardea/client/credential'
import { type Tokens, tokensOf } from '@cardea/client/tokens'
import type { Transport } from '@cardea/client/transport'
import { Misuse } from '../command.ts'
import { storeOn, vaultAt } from '../service.ts'
import { bytesOf, fileContent } from '../value.ts'
import { originOf, type Way } from '../way.ts'
import type { World } from '../world.ts'
import type { Source } from './entry.ts'
import { contentOf, type Format, formatOf } from './file-source.ts'
import { hashicorpSource } from './hashicorp.ts'
import { patient } from './patient.ts'
import type { Profile } from './profiles.ts'
import { storeSource } from './store.ts'
import type { Flattening } from './tree.ts'
import { vaultSource } from './vault.ts'

/** What somebody says with `--from`, and what belongs to it. */
export type From = {
  readonly from: string
  readonly format: string | undefined
  readonly profile: Profile | undefined
  readonly flattening: Flattening
  /** Only what begins so. */
  readonly begins: string
  readonly label: string | undefined
  readonly at: string | undefined
}

/**
 * Opens a source. `vault:` and `store:` are reached as the target is, unless the environment says with `SOURCE_` before
 * the usual names who we are there; what is nobody's default is never sent there.
 */
export async function sourceOf(world: World, way: Way, given: From, opened: DisposableStack): Promise<Source> {
  const [, kind, rest = ''] = /^(vault|store|kv):(.*)$/s.exec(given.from) ?? []
  if (kind === undefined) return fileSource(world, given)
  const elsewhere = elsewhereIn(world.env)
  const far = elsewhere === undefined ? undefined : farSide(world, elsewhere, opened)
  if (kind === 'vault') {
    const origin = originOf('--from vault:', rest || undefined, (elsewhere ?? way.env).AZURE_KEYVAULT_URL)
    return vaultSource(
      patient(vaultAt(origin, far?.transport ?? way.transport, far?.tokens() ?? tokensFor(way)), world),
      given.begins,
    )
  }
  if (kind === 'store') {
    const chosen = { prefix: given.begins, label: given.label, at: given.at }
    const keep = given.profile === 'appconfig/kvset'
    const there = { env: elsewhere ?? way.env, transport: far?.transport ?? way.transport }
    return storeSource(patient(storeOn(there, '--from store:', rest || undefined, far?.tokens), world), chosen, keep)
  }
  return hashicorpSource(farVault(world, opened), rest)
}

type Environment = Readonly<Record<string, string | undefined>>
type FarSide = { readonly transport: Transport; tokens(): Tokens }

const tokensFor = ({ env, transport }: Way): Tokens => tokensOf(credentialFrom(env, transport))

/** The environment of the other side: what `SOURCE_` stands before; undefined where nothing is. */
function elsewhereIn(env: Environment): Environment | undefined {
  const said = Object.entries(env).filter(([name, value]) => name.startsWith('SOURCE_AZURE_') && value)
  return said.length === 0
    ? undefined
    : Object.fromEntries(said.map(([name, value]) => [name.slice('SOURCE_'.length), value]))
}

function farSide({ env, connect, now }: World, elsewhere: Environment, opened: DisposableStack): FarSide {
  const transport = connect({ env })
  opened.defer(() => transport.close())
  const said = elsewhere.AZURE_ACCESS_TOKEN
  const token = said === undefined ? undefined : tokenFrom('SOURCE_AZURE_ACCESS_TOKEN', said)
  const tokens = () =>
    token === undefined
      ? tokensOf(credentialFrom(elsewhere, transport))
      : tokensOf({ getToken: async () => ({ token, expiresOnTimestamp: now() + 3_600_000 }) })
  return { transport, tokens }
}

function farVault(world: World, opened: DisposableStack) {
  const { env } = world
  const address = env.VAULT_ADDR
  if (address === undefined || !/^https?:$/.test(URL.parse(address)?.protocol ?? '')) {
    throw new Misuse('Where is it? Give the address as VAULT_ADDR, https://vault.example.org:8200.')
  }
  const { protocol, hostname } = new URL(address)
  if (protocol === 'http:' && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) {
    throw new Misuse('VAULT_ADDR must begin with https://; a token is sent there.')
  }
  const ca = env.VAULT_CACERT === undefined ? {} : { ca: fileContent(world, env.VAULT_CACERT) }
  const transport = world.connect({ env, ...ca })
  opened.defer(() => transport.close())
  return {
    address,
    token: tokenFrom('VAULT_TOKEN', env.VAULT_TOKEN || tokenFile(world)),
    namespace: env.VAULT_NAMESPACE || undefined,
    transport,
  }
}

/** A token as a header takes it: one that was pasted with more than belongs to it would say so in a riddle. */
function tokenFrom(name: string, said: string): string {
  const token = said.trim()
  if (!/^[!-~]+$/.test(token)) throw new Misuse(`${name} has characters that no token has.`)
  return token
}

/** Where HashiCorp's and OpenBao's own command lines keep the token of who is signed in. */
function tokenFile(world: World): string {
  try {
    return world
      .readFile(join(world.env.HOME ?? homedir(), '.vault-token'))
      .toString('utf8')
      .trim()
  } catch {
    throw new Misuse('Who are you there? Give a token as VAULT_TOKEN, or sign in with its own command line.')
  }
}

async function fileSource(world: World, { from, format: said, profile, flattening, begins }: From): Promise<Source> {
  if (from === '-' && said === undefined) throw new Misuse('What is on standard input? Say it with --format.')
  const format: Format = formatOf(from, said)
  const bytes = await bytesOf(world, from)
  const content = contentOf(bytes, format, profile, flattening)
  const chosen = <T extends { readonly name: string }>(all: readonly T[]) =>
    all.filter(({ name }) => name.startsWith(begins))
  return {
    says: from === '-' ? 'standard input' : from,
    entries: async () => ({ entries: chosen(content.entries), withheld: chosen(content.withheld) }),
  }
}
