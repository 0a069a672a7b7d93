/**
 * A URL as it may be shown: without the name and password that it may hold. One that says no protocol, or that is none,
 * loses what stands where they would.
 */
export function withoutCredentials(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.username !== '' || url.password !== '')) {
    url.username = '';
    url.password = '';
    return url.href;
  }
  return text.replace(/^((?:[a-z][a-z\d+.-]*:)?\/\/)?[^/?#\\]*@/i, '$1');
}
