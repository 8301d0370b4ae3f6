// What the pages do in the browser beyond Streamlit's own: copy a citation, and follow a link
// within the product without loading everything anew. Without it every link still works.
(() => {
  if (document.documentElement.classList.contains("scripted")) return;
  document.documentElement.classList.add("scripted"); // the style shows what needs a script

  const spoken = document.createElement("p");
  spoken.setAttribute("role", "status");
  spoken.className = "spoken";
  document.body.append(spoken);

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without HTTPS, on any address but this machine's, only the old way is open.
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      const copied = document.execCommand("copy");
      field.remove();
      if (!copied) return false;
    }
    return true;
  }

  async function answerCopy(button) {
    // A link is copied whole, so that it can be pasted elsewhere.
    const text = button.dataset.copy.replace(/^\//, `${location.origin}/`)
      .replaceAll("{origin}", location.origin);
    const said = (await copy(text)) ? "Copied" : "Not copied: the browser does not allow it";
    const label = button.textContent;
    button.focus();
    spoken.textContent = `${said}: ${label}`;
    button.textContent = said;
    setTimeout(() => {
      button.textContent = label;
      spoken.textContent = "";
    }, 2000);
  }

  function follow(event, link) {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState({}, "", link.href);
    dispatchEvent(new PopStateEvent("popstate")); // Streamlit goes to where the address says
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  }

  // A report opens at the paragraph that was searched for, once for each address.
  let shown = "";
  function showOpened() {
    const opened = document.querySelector("article.opened");
    if (!opened || shown === location.href) return;
    shown = location.href;
    // Streamlit scrolls to the top when it has drawn another page: after that.
    setTimeout(() => opened.isConnected && opened.scrollIntoView({ block: "start" }), 200);
  }
  new MutationObserver(showOpened).observe(document.body, { childList: true, subtree: true });
  showOpened();

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest("button[data-copy]");
    if (button && !button.dataset.busy) answerCopy(button);
    const link = event.target.closest("[data-testid=stHtml] a[href]");
    const to = link?.getAttribute("href") ?? "";
    if (to.startsWith("#")) {
      event.preventDefault(); // Streamlit would take the fragment for another page
      const section = document.getElementById(to.slice(1));
      section?.scrollIntoView();
      section?.focus({ preventScroll: true });
    } else if (/^\/(?!\/)/.test(to)) {
      follow(event, link);
    }
  });
})();
