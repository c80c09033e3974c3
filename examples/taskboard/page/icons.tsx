/** The icons, 16 by 16, drawn with the colour of the text around them. They say nothing to screen readers. */
const paths = {
  edit: 'M10.5 3.5l2 2L6 12l-2.6.6L4 10zM9 5l2 2',
  delete: 'M3.5 4.5h9M6.5 4.5V3h3v1.5M5 4.5l.5 8.5h5l.5-8.5M7 7v3.5M9 7v3.5',
  close: 'M4.5 4.5l7 7m0-7l-7 7',
  problem: 'M8 2.5l6 10.5H2zM8 6.5v3M8 11.2v.1',
  offline:
    'M2 6.2a9 9 0 0 1 3-1.9M14 6.2a9 9 0 0 0-5-2.3M4.5 9a5.5 5.5 0 0 1 2-1.3M11.5 9a5.5 5.5 0 0 0-1.2-.9M8 12v.1M3 3l10 10',
  window: 'M2.5 5.5h7v8h-7zM6.5 5.5v-3h7v8h-4',
  system: 'M2.5 3.5h11v7h-11zM6 13h4M8 10.5V13',
  light:
    'M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M8 2v1M8 13v1M2 8h1M13 8h1M3.8 3.8l.7.7M11.5 11.5l.7.7M3.8 12.2l.7-.7M11.5 4.5l.7-.7',
  dark: 'M13 9.3A5.3 5.3 0 0 1 6.7 3 5.3 5.3 0 1 0 13 9.3z',
} as const

export function Icon({ name, className = '' }: { readonly name: keyof typeof paths; readonly className?: string }) {
  return (
    <svg className={`icon ${className}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
