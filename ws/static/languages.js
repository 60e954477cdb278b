// Before anything is shown: which language the page is read in, and links to the others. A classic script in the header, so that nothing moves.
(() => {
  const LANGUAGES = { en: ["English", "ltr"], es: ["Español", "ltr"], pt: ["Português", "ltr"] }; // one more: its line here, and its words-xx.js
  const WAIT_MS = 3_000; // words that do not come leave the page in English, not empty
  const page = document.documentElement;
  const wanted = [new URLSearchParams(location.search).get("lang"), ...navigator.languages].map((tag) => (tag ?? "").toLowerCase().split("-")[0]);
  const lang = wanted.find((one) => Object.hasOwn(LANGUAGES, one)) ?? "en";
  page.lang = lang;
  page.dir = LANGUAGES[lang][1];
  if (lang !== "en") {
    page.classList.add("unsaid");
    setTimeout(() => page.classList.remove("unsaid"), WAIT_MS);
  }
  const words = document.createElement("link");
  words.rel = "modulepreload";
  words.href = `/static/words-${lang}.js`;
  document.head.append(words);

  const nav = document.createElement("nav");
  nav.id = "languages";
  nav.dataset.sayLabel = "languages";
  nav.setAttribute("aria-label", "Language");
  for (const [code, [name]] of Object.entries(LANGUAGES)) {
    const link = document.createElement("a");
    link.textContent = name;
    link.lang = link.hreflang = code;
    if (code === lang) link.setAttribute("aria-current", "true");
    nav.append(link);
  }
  const lead = () => {
    for (const link of nav.children) {
      const to = new URL(location.href);
      to.searchParams.set("lang", link.lang);
      link.href = to.pathname + to.search + to.hash;
    }
  };
  lead();
  addEventListener("hashchange", lead);
  document.currentScript.before(nav);
})();
