import type { Command, Option } from './command.ts'
import type { Area } from './commands.ts'
import { type Paint, widthOf } from './print.ts'

/** Help, made from what the commands say of themselves: all of them by their areas, or the members of a family. */
export function overview(areas: readonly Area[], paint: Paint): string {
  const width = Math.max(...areas.flatMap(({ commands }) => commands.map(({ name }) => widthOf(name))))
  const several = areas.length > 1
  return [
    `${paint.bold('cardea')}: secrets and settings that rotate while applications follow.`,
    '',
    'Usage: cardea COMMAND [OPTIONS]',
    ...areas.flatMap(({ title, commands }) => [
      '',
      ...(several ? [paint.bold(title)] : []),
      ...columns(
        commands.map(({ name, says }) => [name, says]),
        paint,
        width,
      ),
    ]),
    '',
    'More about one of them: cardea help COMMAND',
  ].join('\n')
}

/** The help of a command, made from what it says of itself. */
export function helpOf({ name, says, more, takes, options, examples }: Command, paint: Paint): string {
  const places = Object.entries(takes).map(([place, { optional }]) =>
    optional ? `[${place.toUpperCase()}]` : place.toUpperCase(),
  )
  const told: [string, string][] = [
    ...Object.entries(takes).map(([place, { says }]): [string, string] => [place.toUpperCase(), says]),
    ...Object.entries(options).map(([option, about]): [string, string] => [optionText(option, about), about.says]),
  ]
  return [
    says,
    '',
    `Usage: cardea ${[name, ...places].join(' ')}${Object.keys(options).length > 0 ? ' [OPTIONS]' : ''}`,
    ...(told.length > 0 ? ['', ...columns(told, paint)] : []),
    ...(more === undefined ? [] : ['', more]),
    ...(examples.length > 0 ? ['', examples.length > 1 ? 'Examples:' : 'Example:'] : []),
    ...examples.map((example) => `  ${example}`),
  ].join('\n')
}

const optionText = (name: string, { type, value, multiple }: Option): string =>
  `--${name}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}${multiple ? ' …' : ''}`

function columns(
  rows: readonly (readonly [string, string])[],
  paint: Paint,
  width = Math.max(...rows.map(([left]) => widthOf(left))),
): string[] {
  return rows.map(([left, right]) => `  ${paint.name(left)}${' '.repeat(width - widthOf(left))}  ${right}`)
}
