/** Reads the figures of a printed report, by name. Reads the Markdown, because commits of any age print the same format. */

export interface Figure {
  /** `<table> › <row> › <column>`. */
  readonly name: string
  readonly value: number
  /** Unit from the column's title; empty for a ratio. */
  readonly unit: string
  /** The better direction; `undefined` for a figure that is shown but not judged. */
  readonly better: 'higher' | 'lower' | undefined
}

/**
 * Returns all figures in the report's tables, except aims and notes. In a table that contains Flowport's rows, rows of other
 * products are not judged.
 */
export function figuresOf(markdown: string): Figure[] {
  const rows: Row[] = []
  let table = ''
  let columns: readonly Column[] | undefined
  for (const line of markdown.split('\n')) {
    const title = /^#{1,4} (.*)$/.exec(line)?.[1]
    if (title !== undefined) table = title
    const cells = cellsOf(line)
    if (cells === undefined) columns = undefined
    else if (columns === undefined) columns = table === 'Aims' ? [] : columnsOf(cells.slice(1))
    else
      rows.push({
        table,
        isOurs: /flowport/i.test(cells[0] ?? ''),
        figures: figuresOfRow(table, cells, columns),
      })
  }
  const withOurs = new Set(rows.filter(({ isOurs }) => isOurs).map((row) => row.table))
  return rows.flatMap(({ table: title, isOurs, figures }) =>
    isOurs || !withOurs.has(title) ? figures : figures.map((figure) => ({ ...figure, better: undefined })),
  )
}

interface Row {
  readonly table: string
  readonly isOurs: boolean
  readonly figures: readonly Figure[]
}

interface Column extends Pick<Figure, 'unit' | 'better'> {
  readonly name: string
}

function figuresOfRow(table: string, [row = '', ...cells]: readonly string[], columns: readonly Column[]) {
  return cells.flatMap((cell, at) => {
    const number = /^\**(-?[\d,]+(?:\.\d+)?)/.exec(cell)?.[1]
    const column = columns[at]
    if (number === undefined || column === undefined) return []
    const { name, unit, better } = column
    return [{ name: `${table} › ${row} › ${name}`, value: Number(number.replaceAll(',', '')), unit, better }]
  })
}

/**
 * Returns the cells of a table line, or `undefined` for any other line. The rule below a header counts as a row without
 * numbers.
 */
function cellsOf(line: string): string[] | undefined {
  if (!line.startsWith('| ') || !line.endsWith(' |')) return undefined
  return line
    .slice(2, -2)
    .split(' | ')
    .map((cell) => cell.trim())
}

/**
 * Parses column titles. A ratio belongs to the preceding column and has the same better direction; that column itself is not
 * judged.
 */
function columnsOf(titles: readonly string[]): Column[] {
  const columns: Column[] = []
  for (const [at, title] of titles.entries()) {
    const before = columns.at(-1)
    const bare = title.replace(' [min–max]', '')
    const repeated = titles.slice(0, at).filter((other) => other === title).length
    const count = repeated === 0 ? '' : ` (${repeated + 1})`
    if (isRatio(bare)) {
      const better = bare.includes('SDK') ? 'higher' : before?.better
      columns.push({ name: `${bare} of ${before?.name ?? ''}`, unit: '', better })
    } else {
      columns.push({ name: bare + count, unit: unitOf(bare), better: directionOf(bare) })
    }
  }
  return columns.map((column, at) =>
    isRatio(titles[at + 1] ?? '') ? { ...column, better: undefined } : column,
  )
}

function isRatio(title: string): boolean {
  return title === '×' || title === 'CPU ×' || title === '× the SDK' || title.startsWith('÷ ')
}

function unitOf(title: string): string {
  return /(?:requests|[KM]iB)\/s|per second|[mµn]s(?:\/request| each)?|[KM]iB|\bs$/.exec(title)?.[0] ?? ''
}

/**
 * Returns the better direction: higher for rates, lower for times and sizes. Differences to a reference are not judged, because
 * they can be near zero.
 */
function directionOf(title: string): Figure['better'] {
  if (/above|over the reference/.test(title)) return undefined
  const unit = unitOf(title)
  if (unit === '') return undefined
  return /\/s$|per second/.test(unit) ? 'higher' : 'lower'
}
