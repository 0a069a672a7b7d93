/**
 * The terminal writes its colours and measures into `<style>` elements and `style` attributes, which the page's content
 * security policy refuses. While this is in force, elements that it makes take the same text by ways that the policy
 * allows.
 *
 * @returns ends it; elements that were made stay as they are
 */
export function allowWrittenStyles(page: Document): () => void {
  users += 1;
  if (users === 1) {
    const createElement = (tag: string) => elementOf(page, tag);
    Object.defineProperty(page, 'createElement', { value: createElement, configurable: true });
  }
  return () => {
    users -= 1;
    // What is left is the prototype's.
    if (users === 0) Reflect.deleteProperty(page, 'createElement');
  };
}

/** How many terminals are open. */
let users = 0;

function elementOf(page: Document, tag: string): HTMLElement {
  if (tag === 'style') return sheetElement(page);
  const element = Document.prototype.createElement.call(page, tag);
  if (tag === 'span') takeStyleAttribute(element);
  return element;
}

/** An element that is not shown, whose text is a sheet of the page's until it is removed. */
function sheetElement(page: Document): HTMLElement {
  const element = Document.prototype.createElement.call(page, 'template');
  const sheet = new CSSStyleSheet();
  page.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, 'textContent', { set: (text: string) => sheet.replaceSync(text) });
  Object.defineProperty(element, 'remove', {
    value: () => {
      page.adoptedStyleSheets = page.adoptedStyleSheets.filter(other => other !== sheet);
      Element.prototype.remove.call(element);
    },
  });
  return element;
}

function takeStyleAttribute(element: HTMLElement): void {
  Object.defineProperty(element, 'setAttribute', {
    value: (name: string, value: string) => {
      if (name === 'style') element.style.cssText = value;
      else Element.prototype.setAttribute.call(element, name, value);
    },
  });
}
