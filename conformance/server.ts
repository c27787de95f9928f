import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentOf } from '@cardea/server/environment'
import { type Around, type Cardea, start } from '@cardea/server/main'
import { settingsFrom } from '@cardea/server/settings'
import { type Answered, type Asked, ask } from './ask.ts'

/** A Cardea in this process, on free ports and in a folder of its own; it ends, and the folder goes, with `await using`. */
export type Server = AsyncDisposable & {
  readonly cardea: Cardea
  readonly data: string
  readonly domain: string
  /** What a program needs in its environment to reach it with Azure's own libraries. */
  env(): Record<string, string>
  /** One request by the name that a plane has in the world: `demo.config`, `login`. */
  ask(asked: Omit<Asked, 'port' | 'ca'>): Promise<Answered>
  /** An access token for an audience, as the developer of this installation. */
  token(audience: string): Promise<string>
}

/** `settings` are environment variables on top of these; `around` brings a clock of one's own. */
export async function serverHere(settings: Record<string, string> = {}, around: Around = {}): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'cardea-'))
  const wanted = settingsFrom({
    CARDEA_DATA: data,
    CARDEA_PORT: '0',
    CARDEA_PROXY_PORT: '0',
    CARDEA_PROXY_PASS_ON: 'no',
    CARDEA_LOG_LEVEL: 'silent',
    ...settings,
  })
  const cardea = await start(wanted, around)
  const { domain } = wanted
  const ca = readFileSync(cardea.caFile as string, 'utf8')
  const asked: Server['ask'] = (what) => ask({ port: cardea.port, ca, ...what })
  return {
    cardea,
    data,
    domain,
    env: () => environmentOf(data),
    ask: asked,
    async token(audience) {
      const env = environmentOf(data)
      const { status, body } = await asked({
        host: `login.${domain}`,
        method: 'POST',
        path: `/${env.CARDEA_TENANT_ID}/oauth2/v2.0/token`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: env.AZURE_CLIENT_ID as string,
          client_secret: env.AZURE_CLIENT_SECRET as string,
          scope: `${audience}/.default`,
        }).toString(),
      })
      if (status !== 200) throw new Error(`No token for ${audience}: ${status} ${body}`)
      return (JSON.parse(body) as { access_token: string }).access_token
    },
    async [Symbol.asyncDispose]() {
      await cardea.close()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
