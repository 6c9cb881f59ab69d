/* icon.tsx: the page's few glyphs, drawn on a 16 x 16 grid with the text's colour. Decoration always: the word stands
 * beside it, so none of them speaks to a screen reader. */

const PATHS = {
  ok: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z',
  warn: 'M8 1.5 14.5 8 8 14.5 1.5 8Z',
  bad: 'M8 2 15 14H1Z',
  idle: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z',
  up: 'M8 4l5 8H3Z',
  down: 'M8 12 3 4h10Z',
  overview: 'M2 2h5v7H2Zm7 0h5v4H9Zm0 6h5v6H9Zm-7 3h5v3H2Z',
  history: 'M2 3h12v1.6H2Zm0 4.2h12v1.6H2Zm0 4.2h8V13H2Z',
  performance: 'M2 13 6 7.5l3 3L14 3v3.2l-4.8 6.9-3-3L4.4 13Z',
  health: 'M1 7.2h3L5.8 3h1.4l2.4 7.2L11 7.2h4v1.6h-3.2L10.2 13H8.8L6.4 5.9 5 8.8H1Z',
  configuration: 'M2 4.2h5.2a2 2 0 0 1 3.6 0H14v1.6h-3.2a2 2 0 0 1-3.6 0H2Zm0 6h1.2a2 2 0 0 1 3.6 0H14v1.6H6.8a2 2 0 0 1-3.6 0H2Z',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM7.3 1h1.4v2.4H7.3Zm0 11.6h1.4V15H7.3ZM1 7.3h2.4v1.4H1Zm11.6 0H15v1.4h-2.4ZM3 4l1-1 1.7 1.7-1 1Zm7.3 7.3 1-1L13 12l-1 1ZM3 12l1.7-1.7 1 1L4 13Zm7.3-7.3L12 3l1 1-1.7 1.7Z',
  moon: 'M6.2 1.8A6.3 6.3 0 1 0 14.2 9.8 5.2 5.2 0 0 1 6.2 1.8Z',
  eye: 'M8 3.5C4.6 3.5 2.1 5.8 1 8c1.1 2.2 3.6 4.5 7 4.5s5.9-2.3 7-4.5c-1.1-2.2-3.6-4.5-7-4.5Zm0 1.7a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6Zm0 1.5a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.6Z',
  help: 'M5 5.6C5 3.8 6.3 2.6 8.1 2.6s3 1.1 3 2.7c0 1.2-.6 1.9-1.5 2.5-.7.5-.9.8-.9 1.6v.3H7.2v-.5c0-1.2.5-1.8 1.3-2.4.7-.5 1-.8 1-1.4 0-.8-.6-1.3-1.4-1.3S6.700 4.700 6.700 5.600ZM7.100 11.300h1.700V13H7.100Z',
  close: 'M3.5 2.500 8 7l4.500-4.500 1 1L9 8l4.500 4.500-1 1L8 9l-4.500 4.500-1-1L7 8 2.500 3.500Z',
  back: 'M10 2.500 11.200 3.700 6.900 8l4.300 4.300L10 13.500 4.500 8Z',
  chevron: 'M6 2.500 11.500 8 6 13.500 4.800 12.300 9.100 8 4.800 3.700Z',
  download: 'M7.200 2h1.600v6l2.200-2.200 1.100 1.100L8 11 3.900 6.900 5 5.800l2.200 2.200ZM2.500 12.400h11V14h-11Z',
  search: 'M7 2a5 5 0 1 0 2.900 9.100l3.100 3.100 1.200-1.200-3.100-3.100A5 5 0 0 0 7 2Zm0 1.600a3.400 3.400 0 1 1 0 6.800 3.400 3.400 0 0 1 0-6.800Z',
  exit: 'M2 2h7v1.600H3.600v8.800H9V14H2Zm8.500 2.500L14 8l-3.500 3.500-1.100-1.100 1.600-1.600H6V7.200h5L9.400 5.600Z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, class: extra }: { name: IconName; class?: string }) {
  return (
    <svg class={extra ? `icon ${extra}` : 'icon'} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill-rule="evenodd" />
    </svg>
  );
}
