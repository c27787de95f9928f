import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Fields = Readonly<Record<string, unknown>>
export type Mount = { readonly version: '1' | '2'; readonly secrets: Readonly<Record<string, Fields | null>> }

/**
 * What the key-value engines of HashiCorp Vault and OpenBao answer to somebody who reads, over HTTP: mounts, lists with
 * folders, secrets of both versions, and their refusals. A secret that is null is deleted.
 */
export async function openKeyValueServer(token: string, mounts: Readonly<Record<string, Mount>>) {
  const asked: string[] = []
  const say = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x')
    const path = decodeURIComponent(url.pathname).replace(/^\/v1\//, '')
    asked.push(path)
    if (request.headers['x-vault-token'] !== token) return say(response, 403, { errors: ['permission denied'] })
    const ui = 'sys/internal/ui/mounts/'
    const wanted = path.startsWith(ui) ? path.slice(ui.length) : path
    const name = Object.keys(mounts).find((mount) => wanted === mount || wanted.startsWith(`${mount}/`))
    const mount = name === undefined ? undefined : mounts[name]
    if (name === undefined || mount === undefined)
      return say(response, 403, { errors: ['preflight capability check returned 403'] })
    if (path.startsWith(ui)) {
      const options = mount.version === '2' ? { version: '2' } : null
      return say(response, 200, { data: { path: `${name}/`, type: 'kv', options } })
    }
    const below = wanted.slice(name.length + 1)
    const part = mount.version === '2' ? (url.searchParams.has('list') ? 'metadata' : 'data') : ''
    const rest =
      part === ''
        ? below
        : below === part
          ? ''
          : below.startsWith(`${part}/`)
            ? below.slice(part.length + 1)
            : undefined
    if (rest === undefined) return say(response, 404, { errors: [] })
    if (url.searchParams.get('list') === 'true') {
      const folder = rest === '' ? '' : `${rest}/`
      const inside = Object.keys(mount.secrets).filter((secret) => secret.startsWith(folder) && secret !== folder)
      const keys = new Set(inside.map((secret) => secret.slice(folder.length).replace(/\/.*$/s, '/')))
      return keys.size === 0
        ? say(response, 404, { errors: [] })
        : say(response, 200, { data: { keys: [...keys].sort() } })
    }
    const fields = mount.secrets[rest]
    if (fields === undefined) return say(response, 404, { errors: [] })
    if (mount.version === '1') return say(response, 200, { data: fields })
    const metadata = { version: 1, destroyed: false, deletion_time: fields === null ? '2024-01-01T00:00:00Z' : '' }
    return say(response, fields === null ? 404 : 200, { data: { data: fields, metadata } })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
