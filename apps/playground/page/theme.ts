/** @module Light and dark: as the system has it, or as the person says; remembered in this browser. */
type Theme = 'system' | 'light' | 'dark';

const KEY = 'theme';

export function followTheme(): void {
  const radios = document.querySelectorAll<HTMLInputElement>('input[name=theme]');
  const saved = stored();
  for (const radio of radios) {
    radio.checked = radio.value === saved;
    radio.addEventListener('change', () => {
      const theme = radio.value as Theme;
      apply(theme);
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // A browser that remembers nothing
      }
    });
  }
  apply(saved);
}

function apply(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

function stored(): Theme {
  try {
    const saved = localStorage.getItem(KEY);
    return saved === 'light' || saved === 'dark' ? saved : 'system';
  } catch {
    return 'system';
  }
}
