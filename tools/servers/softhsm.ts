import { spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOf } from './throw-away.ts'

/** A token in SoftHSM, as the settings of a server name it. */
export type TestToken = {
  readonly module: string
  readonly token: string
  readonly pin: string
  readonly soPin: string
  readonly pinFile: string
}

/** SoftHSM with tokens of its own, which go with `await using`: the module finds them by a variable of this process. */
export type SoftHsm = AsyncDisposable & {
  readonly module: string
  readonly folder: string
  newToken(label?: string): TestToken
}

/** Where SoftHSM's module lies. */
export const findSoftHsm = (): string | undefined =>
  programOf('softhsm2-util') && globSync('/usr/lib/{,*/}softhsm/libsofthsm2.so').find((file) => existsSync(file))

export async function openSoftHsm(): Promise<SoftHsm> {
  const module = findSoftHsm()
  const program = programOf('softhsm2-util')
  if (module === undefined || program === undefined) throw new Error("SoftHSM isn't installed")
  const folder = await mkdtemp(join(tmpdir(), 'cardea-softhsm-'))
  const tokens = join(folder, 'tokens')
  mkdirSync(tokens)
  const settings = join(folder, 'softhsm2.conf')
  writeFileSync(settings, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`)
  const before = process.env.SOFTHSM2_CONF
  process.env.SOFTHSM2_CONF = settings
  return {
    module,
    folder,
    newToken(label = `cardea-${randomBytes(3).toString('hex')}`) {
      const [pin, soPin] = [digits(), digits()]
      const words = ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', soPin]
      const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' })
      if (status !== 0) throw new Error(`SoftHSM made no token: ${stderr}`)
      const pinFile = join(folder, `${label}.pin`)
      writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 })
      return { module, token: label, pin, soPin, pinFile }
    },
    async [Symbol.asyncDispose]() {
      if (before === undefined) delete process.env.SOFTHSM2_CONF
      else process.env.SOFTHSM2_CONF = before
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const digits = (): string => Array.from({ length: 12 }, () => randomInt(10)).join('')
