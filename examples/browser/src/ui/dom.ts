/** Creates elements: `h('button', { onclick }, 'Run')`. Strings become text nodes, never markup. */

type Props<T> = Partial<Omit<T, 'style' | 'children'>> & {
  readonly class?: string
  readonly role?: string
  readonly aria?: Readonly<Record<string, string>>
  readonly data?: Readonly<Record<string, string>>
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string | null)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  const { class: name, role, aria = {}, data = {}, ...rest } = props
  if (name !== undefined) element.className = name
  if (role !== undefined) element.setAttribute('role', role)
  for (const [key, value] of Object.entries(aria)) element.setAttribute(`aria-${key}`, value)
  for (const [key, value] of Object.entries(data)) element.dataset[key] = value
  Object.assign(element, rest)
  element.append(...children.filter((child) => child !== null))
  return element
}

/** Formats a size: `1536` as `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  for (const unit of ['B', 'KiB', 'MiB']) {
    if (value < 1024) return `${unit === 'B' ? value : value.toFixed(1)} ${unit}`
    value /= 1024
  }
  return `${value.toFixed(1)} GiB`
}

/** The text to show a user for a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
