/** A CSV of made-up weather in two towns: 365 days of 2025, with the same content on every call. */
export function sampleCsv(): string {
  const towns = [
    { name: 'Bergen', mean: 8.5, swing: 6.5, rain: 6.5 },
    { name: 'Sevilla', mean: 19.5, swing: 8.5, rain: 1.6 },
  ]
  const lines = ['day,town,temperature,rain']
  let seed = 7
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  for (let day = 0; day < 365; day++) {
    const date = new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10)
    for (const { name, mean, swing, rain } of towns) {
      const season = -Math.cos(((day - 20) / 365) * 2 * Math.PI)
      const temperature = mean + swing * season + (random() - 0.5) * 5
      const wet = random() < 0.45 ? random() * rain * (2 - season) : 0
      lines.push(`${date},${name},${temperature.toFixed(1)},${wet.toFixed(1)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

export const sampleSql = `SELECT month(day) AS month,
       round(avg(temperature) FILTER (town = 'Bergen'), 1) AS bergen,
       round(avg(temperature) FILTER (town = 'Sevilla'), 1) AS sevilla
FROM read_csv_auto('opfs://data/weather.csv')
GROUP BY 1 ORDER BY 1`
