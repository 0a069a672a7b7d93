/**
 * The terminal writes its colours and measures into `<style>` elements and `style` attributes, which the page's content
 * security policy refuses. These stand in their place: the same text by ways that the policy allows.
 */

/** A document whose elements take their style by such ways. */
export function styleableDocument(document: Document): Document {
  return new Proxy(document, {
    get(target, name) {
      if (name === 'createElement') return (tag: string) => createElement(target, tag);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Does something that makes elements, also such as know of no document but the page's. */
export function withStyleableElements(document: Document, work: () => void): void {
  const own = (tag: string) => createElement(document, tag);
  Object.defineProperty(document, 'createElement', { value: own, configurable: true });
  try {
    work();
  } finally {
    // What is left is the prototype's.
    Reflect.deleteProperty(document, 'createElement');
  }
}

function createElement(document: Document, tag: string): HTMLElement {
  if (tag === 'style') return sheetElement(document);
  const element = Document.prototype.createElement.call(document, tag);
  takeStyleAttribute(element);
  return element;
}

/** An element that is not shown, whose text is a sheet of the document's until it is removed. */
function sheetElement(document: Document): HTMLElement {
  const element = Document.prototype.createElement.call(document, 'template');
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, 'textContent', { set: (text: string) => sheet.replaceSync(text) });
  Object.defineProperty(element, 'remove', {
    value: () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter(other => other !== sheet);
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
