/** Light, dark, or as the system says. The choice is kept in this browser; public/theme.js applies it before the first paint. */
import { useState } from 'react'
import { Icon } from './icons.tsx'

const themes = [
  { value: 'system', label: 'Theme of the system' },
  { value: 'light', label: 'Light theme' },
  { value: 'dark', label: 'Dark theme' },
] as const

type Theme = (typeof themes)[number]['value']

function apply(theme: Theme): void {
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset.theme
  else dataset.theme = theme
  try {
    localStorage.setItem('theme', theme)
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
}

const current = (): Theme =>
  themes.find(({ value }) => value === document.documentElement.dataset.theme)?.value ?? 'system'

export function ThemeSwitch() {
  const [theme, setTheme] = useState(current)
  return (
    <div className="theme" role="radiogroup" aria-label="Theme">
      {themes.map(({ value, label }) => (
        <label key={value} title={label}>
          <input
            className="for-ears"
            type="radio"
            name="theme"
            checked={theme === value}
            onChange={() => {
              apply(value)
              setTheme(value)
            }}
          />
          <span className="for-ears">{label}</span>
          <Icon name={value} />
        </label>
      ))}
    </div>
  )
}
