// <inspection-search>: a search box with cited answers, for pages of other servers.
//
//   <script src="http://SERVER/api/box.js" defer></script>
//   <inspection-search src="http://SERVER" council="Sunderland"></inspection-search>
//
// `src` is the server (left out: the one this script came from); `council`, `report` and `section`
// narrow the search; `label` is what stands over the box; `nearest` is how many paragraphs a
// refusal lists. The server must allow the page's origin. Everything is built from nodes and
// textContent, and the style is a constructed sheet: a page may forbid inline scripts and styles,
// and nothing that a report says can become markup.
(() => {
  "use strict";

  const HOME = document.currentScript ? new URL(document.currentScript.src).origin : location.origin;
  const NARROWING = ["council", "report", "section"];
  const STYLE = `
    :host { display: block; font: inherit; line-height: 1.5; color: inherit; }
    form { display: flex; flex-wrap: wrap; gap: .5rem; }
    label { flex: 1 0 100%; font-weight: bold; }
    input { flex: 1 1 12rem; min-width: 0; font: inherit; padding: .5rem; color: #0b0c0c;
      background: #fff; border: 2px solid #0b0c0c; border-radius: 0; }
    button { font: inherit; font-weight: bold; padding: .5rem 1rem; color: #fff; background: #1d70b8;
      border: 2px solid #1d70b8; cursor: pointer; }
    :focus-visible { outline: 3px solid #0b0c0c; outline-offset: 2px; box-shadow: 0 0 0 5px #fd0; }
    p { margin: .75rem 0; overflow-wrap: anywhere; }
    ol { padding-left: 1.5rem; margin: .75rem 0; }
    li { margin: 0 0 1rem; overflow-wrap: anywhere; }
    blockquote { margin: 0; }
    cite { font-style: normal; }
    a { color: inherit; }
    [hidden] { display: none; }
    @media (forced-colors: active) { button { border-color: ButtonText; } }
  `;

  // A node with text; the only way anything comes onto the page.
  const made = (name, text = "", attributes = {}) => {
    const node = document.createElement(name);
    node.textContent = text;
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };

  class InspectionSearch extends HTMLElement {
    #asking = null;

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open", delegatesFocus: true });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
      this.form = made("form", "", { role: "search" });
      this.label = made("label", "", { for: "question" });
      this.input = made("input", "", { id: "question", type: "search", name: "q", autocomplete: "off" });
      this.form.append(this.label, this.input, made("button", "Search", { type: "submit" }));
      this.status = made("p", "", { role: "status" });
      this.found = made("div", "", { lang: "en" });
      root.append(this.form, this.status, this.found);
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.ask(this.input.value);
      });
    }

    connectedCallback() {
      this.label.textContent = this.getAttribute("label") || "Search the inspection reports";
    }

    get server() {
      return new URL(this.getAttribute("src") || HOME, location.href).origin;
    }

    async ask(question) {
      // An answer that comes after the next question was asked must not be shown under it.
      this.#asking?.abort();
      this.found.replaceChildren();
      if (!question.trim()) {
        this.status.textContent = "Type a question.";
        this.input.focus();
        return;
      }
      const asking = (this.#asking = new AbortController());
      this.status.textContent = "Searching…";
      try {
        const address = new URL("/api/search", this.server);
        address.searchParams.set("q", question);
        for (const name of NARROWING) {
          if (this.getAttribute(name)) address.searchParams.set(name, this.getAttribute(name));
        }
        const answer = await fetch(address, {
          signal: asking.signal, credentials: "omit", referrerPolicy: "no-referrer",
        });
        const said = await answer.json();
        if (asking.signal.aborted) return;
        if (answer.ok) this.show(said);
        else this.status.textContent = String(said.error);
      } catch (error) {
        if (!asking.signal.aborted) this.status.textContent = "The search server cannot be reached.";
      }
    }

    show(result) {
      const list = made("ol");
      const read = result.interpretation ?? {};
      const parts = [read.corrected ?? "", ...Object.entries(read.filters ?? {})
        .filter(([name]) => !this.getAttribute(name)).map(([name, value]) => `${name}: ${value}`)];
      const said = parts.filter(Boolean).join("; ");
      if (said) this.found.append(made("p", `Showing results for ${said}`));
      if (result.answered) {
        const count = result.answer.length;
        this.status.textContent =
          `${count} ${count === 1 ? "quotation answers" : "quotations answer"} “${result.question}”.`;
        for (const one of result.answer) {
          list.append(this.item(`“${one.quote}”`, one.citation.label, one.citation.id));
        }
      } else {
        this.status.textContent = result.refusal;
        const nearest = result.hits.slice(0, Number(this.getAttribute("nearest") ?? 3));
        if (nearest.length) {
          this.found.append(made("p", "Nearest paragraphs, not an answer:"));
        }
        for (const hit of nearest) {
          const place = hit.paragraph ? `paragraph ${hit.paragraph}` : hit.section || "a passage";
          const source = `${hit.council || hit.file}, ${place}`;
          list.append(this.item(hit.text, source, hit.id));
        }
      }
      if (list.childElementCount) this.found.append(list);
      const all = new URL("/", this.server);
      all.searchParams.set("q", result.question);
      for (const name of NARROWING) {
        if (this.getAttribute(name)) all.searchParams.set(name, this.getAttribute(name));
      }
      const more = made("p");
      more.append(made("a", "All paragraphs on this question", { href: all.href }));
      this.found.append(more);
    }

    // A passage, and the link to it on our own server: of what came, only the id gets into it.
    item(text, source, id) {
      const item = made("li");
      const cited = made("cite");
      cited.append(made("a", source, { href: `${this.server}/passage?id=${encodeURIComponent(id)}` }));
      item.append(made("blockquote", text), cited);
      return item;
    }
  }

  if (!customElements.get("inspection-search")) {
    customElements.define("inspection-search", InspectionSearch);
  }
})();
