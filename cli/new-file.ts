import { Refusal } from './command.ts'
import type { World } from './world.ts'

/** Writes a file that isn't there yet: whole, or, if the work fails, not at all. */
export async function intoNewFile<T>(
  { create }: World,
  path: string,
  work: (write: (text: string) => void) => T | Promise<T>,
): Promise<T> {
  using file = explained(path, () => create(path))
  const result = await work((text) => explained(path, () => file.write(text)))
  explained(path, () => file.keep())
  return result
}

function explained<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw code === 'EEXIST'
      ? new Refusal('exists', `${path} is there already.`, 'Give another name, or take it away first.')
      : new Refusal(
          'unwritable',
          `${path} can't be written (${code}).`,
          'Name a file in a folder that you may write to.',
        )
  }
}
