import { Misuse } from './command.ts'
import type { World } from './world.ts'

type From = { readonly file?: string | undefined; readonly raw?: boolean }

/**
 * A value, from a file, a pipe, or the keyboard where nobody sees it; never from an argument, which every process list
 * would show. One line break at the end is the shell's, not the value's, unless `raw` says that it is.
 */
export async function valueFrom(world: World, { file, raw = false }: From, what: string): Promise<string> {
  if (file === undefined && world.terminal.in) {
    const typed = await world.ask(`${what} (not shown): `)
    if (typed === '') throw new Misuse('Nothing was typed.')
    return typed
  }
  const text = textIn(file === undefined ? await world.read() : fileContent(world, file))
  const value = raw ? text : text.replace(/\r?\n$/, '')
  if (value === '') {
    throw new Misuse(
      file === undefined
        ? 'Standard input is empty, and so would be the value.'
        : `${file} is empty, and so would be the value.`,
    )
  }
  return value
}

/** What a file has, or standard input where it is called `-`. */
export const bytesOf = async (world: World, file: string): Promise<Buffer> =>
  file === '-' ? await world.read() : fileContent(world, file)

const unread: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not',
  EISDIR: 'it is a folder',
}

/** What a file has. */
export function fileContent(world: World, file: string): Buffer {
  try {
    return world.readFile(file)
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new Misuse(`${file} can't be read: ${unread[code] ?? code}.`)
  }
}

/** Bytes as text; what is no text is refused. */
export function textIn(bytes: Buffer, what = 'The value'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Misuse(
      `${what} is not text in UTF-8.`,
      what === 'The value' ? 'Encode it first, for example with base64.' : undefined,
    )
  }
}
