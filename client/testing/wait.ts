/** Waits until something is so; says what it waited for when it never is. */
export async function until(what: string, so: () => boolean, ms = 5_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!so()) {
    if (Date.now() > deadline) throw new Error(`it never came to be that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
