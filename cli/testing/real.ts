import type { House } from '@cardea/server/testing/house'
import { main } from '../main.ts'
import { ownWorld, type World } from '../world.ts'

const own = ownWorld()

/** The command in this process, with real files and connections, at a real server. */
export async function runAt(
  house: House,
  words: readonly string[],
  {
    stdin = '',
    env = {} as World['env'],
    terminal = { in: false, out: false, colours: false },
    addressOf = own.addressOf,
  } = {},
): Promise<{ exit: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const exit = await main([...words, '--data', house.data], {
    ...own,
    env,
    terminal,
    addressOf,
    write: (text) => void out.push(text),
    print: (line) => void out.push(`${line}\n`),
    tell: (line) => void err.push(`${line}\n`),
    read: async () => Buffer.from(stdin),
    stopping: () => new AbortController().signal,
  })
  return { exit, out: out.join(''), err: err.join('') }
}
