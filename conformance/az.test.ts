import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type House, openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { type Az, findAz, openAz } from './az.ts'
import { scenes } from './az-scenes.ts'

const found = needs('Debian’s azure-cli', findAz)

describe('az, as Debian 12 has it', { skip: found.skip }, () => {
  let house: House
  let az: Az
  before(async () => {
    house = await openHouse()
    az = openAz({ env: house.env })
  })
  after(async () => {
    az?.[Symbol.dispose]()
    await house?.[Symbol.asyncDispose]()
  })

  for (const { says, line, refused, holds = () => true, whole } of scenes) {
    if (whole) continue
    it(says, async () => {
      if (refused !== undefined) return assert.match(await az.refused(line), refused)
      const printed = await az.done(line)
      assert.ok(holds(printed), JSON.stringify(printed))
    })
  }
})
