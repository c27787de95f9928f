import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

/** What throw-away servers have in common: who they run as, and who ends them. */

/** Servers refuse to run as root, so that root starts them as somebody with fewer rights. */
export function unprivileged(user: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const account = [user, 'nobody'].map((name) => accounts.find((fields) => fields[0] === name)).find(Boolean)
  if (account === undefined) throw new Error(`A server that root starts needs a user "${user}" or "nobody"`)
  return { uid: Number(account[2]), gid: Number(account[3]) }
}

/**
 * Tidies up behind whoever starts a server, in every case: a shell that reads from us which process to end, and that
 * reaches the end of its input when we release it or die, of SIGKILL too. It is a session of its own, so that Ctrl-C in
 * a terminal doesn't end it first.
 */
export function guardOf(
  folder: string,
  surroundings: object,
): { watch(pid: number | undefined): void; release(): Promise<void> } {
  const script = `
    while read -r line; do pid=$line; done
    if [ -n "$pid" ]; then
      kill -QUIT "$pid"
      for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" || { pid=; break; }; sleep 0.2; done
      [ -z "$pid" ] || kill -KILL "$pid"
    fi
    cd / && rm -rf "$0"`
  const shell = spawn('/bin/sh', ['-c', script, folder], {
    ...surroundings,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const input = shell.stdin as NonNullable<typeof shell.stdin> & { unref(): void }
  const ended = once(shell, 'exit')
  shell.unref()
  input.unref()
  return {
    watch: (pid) => input.write(`${pid ?? ''}\n`),
    async release() {
      shell.ref()
      input.end()
      await ended
    },
  }
}

export const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null
