import { effect, signal } from '@preact/signals';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

const place = 'quintupleo-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(dark.matches);
dark.addEventListener('change', () => {
  systemIsDark.value = dark.matches;
});

const theme = signal<Theme>(themes.find(name => name === localStorage.getItem(place)) ?? 'system');

/** Whether the page is dark now. */
export function isDark(): boolean {
  return theme.value === 'system' ? systemIsDark.value : theme.value === 'dark';
}

effect(() => {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
});

const labels: Readonly<Record<Theme, string>> = { system: 'Auto', light: 'Light', dark: 'Dark' };

/** Light, dark, or as the system has it. */
export function ThemeSwitch() {
  return (
    <label class="theme">
      <span class="unseen">Colours</span>
      <select
        value={theme.value}
        onChange={({ currentTarget }) => {
          theme.value = themes.find(name => name === currentTarget.value) ?? 'system';
          localStorage.setItem(place, theme.value);
        }}
      >
        {themes.map(name => (
          <option key={name} value={name}>
            {labels[name]}
          </option>
        ))}
      </select>
    </label>
  );
}
