// @ts-check

/**
 * A bar chart as SVG, readable on light and dark pages.
 * @param {string} title @param {{ label: string, value: number }[]} rows values from 0 to 100
 */
export function bars(title, rows) {
  const left = 90
  const width = 480
  const height = 26
  const lines = rows.map(({ label, value }, i) => {
    const y = 44 + i * height
    const length = (value / 100) * width
    return [
      `  <text x="${left - 8}" y="${y + 13}" text-anchor="end">${label}</text>`,
      `  <rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="18" rx="2" fill="${i === 0 ? '#2563eb' : '#94a3b8'}"/>`,
      `  <text x="${(left + length + 6).toFixed(1)}" y="${y + 13}">${value.toFixed(1)}</text>`,
    ].join('\n')
  })
  const full = 56 + rows.length * height
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 ${full}" width="640" height="${full}" role="img" aria-label="${title}">
  <style>text { font: 13px system-ui, sans-serif; fill: #64748b }</style>
  <text x="${left}" y="24" font-weight="bold">${title}</text>
${lines.join('\n')}
</svg>
`
}
