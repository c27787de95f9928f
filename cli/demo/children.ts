import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process that the demo has started; it ends with the demo, however that ends. */
export type Child<Told> = AsyncDisposable & { readonly told: Told; readonly pid: number }

const readyMsMax = 30_000
const endMsMax = 10_000

type Program = {
  readonly file: URL
  readonly words?: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly name: string
}

/** A program that says over its channel that it is ready. */
export const startApp = <Told>(program: Program): Promise<Child<Told>> =>
  begun(program, (child) => once(child, 'message').then(([told]) => told as Told))

/** A program that says in its first line, in JSON, that it is ready. */
export const startServer = <Told>(program: Program): Promise<Child<Told>> =>
  begun(program, async ({ stdout }) => {
    let text = ''
    for await (const part of stdout ?? []) {
      text += part
      if (text.includes('\n')) break
    }
    return JSON.parse(text) as Told
  })

/** The channel is also a leash: when the demo is killed, the child hears it break. */
async function begun<Told>(
  { file, words = [], env, name }: Program,
  ready: (child: ChildProcess) => Promise<Told>,
): Promise<Child<Told>> {
  const child = spawn(process.execPath, [fileURLToPath(file), ...words], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.on('data', (part) => {
    said = `${said}${part}`.slice(-4_000)
  })
  const ended = once(child, 'exit')
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), endMsMax)
    await ended
    clearTimeout(late)
  }
  const fallen = ended.then(() => Promise.reject(new Error(`${name} doesn't start:\n${said.trim()}`)))
  const late = setTimeout(() => child.kill('SIGKILL'), readyMsMax)
  try {
    const told = await Promise.race([ready(child), fallen])
    fallen.catch(() => {})
    child.stdout?.resume()
    return { told, pid: child.pid ?? 0, [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  } finally {
    clearTimeout(late)
  }
}
