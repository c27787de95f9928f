import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Load on one server: so many connections, kept alive, each sending its next request when the last is answered. `wrk`
 * where it is installed, since it leaves the servers most of the machine; else autocannon, which sends one path only.
 */
export type Load = {
  readonly port: number
  readonly host: string
  readonly method: 'GET' | 'PUT'
  readonly paths: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly connections: number
  readonly seconds: number
}

/** What the load generator saw. Times in milliseconds. */
export type Found = {
  readonly answered: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  /** Answers that said no, and requests that got none. */
  readonly failed: number
}

export const generator: 'wrk' | 'autocannon' =
  spawnSync('wrk', ['-v'], { stdio: 'ignore' }).error === undefined ? 'wrk' : 'autocannon'

export const underLoad = (load: Load): Promise<Found> => (generator === 'wrk' ? byWrk(load) : byAutocannon(load))

async function byWrk({ port, host, method, paths, headers, body, connections, seconds }: Load): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-load-'))
  try {
    const all = {
      Host: host,
      ...headers,
      ...(body !== undefined && { 'Content-Length': String(Buffer.byteLength(body)) }),
    }
    writeFileSync(join(folder, 'method'), method)
    writeFileSync(join(folder, 'paths'), paths.join('\n'))
    writeFileSync(
      join(folder, 'headers'),
      Object.entries(all)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n'),
    )
    if (body !== undefined) writeFileSync(join(folder, 'body'), body)
    const script = fileURLToPath(new URL('./load.lua', import.meta.url))
    const out = await outputOf('wrk', [
      ...['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script],
      ...[`https://127.0.0.1:${port}/`, '--', folder],
    ])
    const line = /^FOUND (.*)$/m.exec(out)?.[1]
    if (line === undefined) throw new Error(`wrk said nothing that we understand:\n${out}`)
    const found = JSON.parse(line) as Record<
      'requests' | 'microseconds' | 'p50' | 'p99' | 'p999' | 'max' | 'refused' | 'broken',
      number
    >
    return {
      answered: found.requests,
      seconds: found.microseconds / 1e6,
      p50: found.p50 / 1000,
      p99: found.p99 / 1000,
      p999: found.p999 / 1000,
      max: found.max / 1000,
      failed: found.refused + found.broken,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function byAutocannon({ port, host, method, paths, headers, body, connections, seconds }: Load): Promise<Found> {
  const program = fileURLToPath(import.meta.resolve('autocannon'))
  const out = await outputOf(process.execPath, [
    ...[program, '--json', '-c', String(connections), '-d', String(seconds), '-m', method],
    ...Object.entries({ host, ...headers }).flatMap(([name, value]) => ['-H', `${name}=${value}`]),
    ...(body === undefined ? [] : ['-b', body]),
    `https://127.0.0.1:${port}${paths[0]}`,
  ])
  const found = JSON.parse(out) as {
    requests: { total: number }
    latency: { p50: number; p99: number; p99_9: number; max: number }
    duration: number
    errors: number
    non2xx: number
  }
  return {
    answered: found.requests.total,
    seconds: found.duration,
    p50: found.latency.p50,
    p99: found.latency.p99,
    p999: found.latency.p99_9,
    max: found.latency.max,
    failed: found.errors + found.non2xx,
  }
}

async function outputOf(program: string, given: readonly string[]): Promise<string> {
  const child = spawn(program, given, { stdio: ['ignore', 'pipe', 'pipe'] })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  let wrong = ''
  child.stderr.on('data', (part: Buffer) => {
    wrong += part
  })
  const [code] = await once(child, 'close')
  const out = Buffer.concat(parts).toString('utf8')
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${wrong}${out}`)
  return out
}
