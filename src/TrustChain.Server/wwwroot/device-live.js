// Newest values of a device as they come. Without this script the page shows those of when it was made.
const section = document.querySelector("[data-live]");

if (section && window.EventSource) {
    const state = section.querySelector("[data-live-state]");
    const time = section.querySelector("[data-live-time]");
    const off = state.textContent;
    const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
    const show = (value, factor) => {
        if (typeof value === "boolean") {
            return value ? section.dataset.yes : section.dataset.no;
        }
        // As the server writes numbers: narrow spaces between groups of three digits.
        return typeof value === "number" ? numbers.format(value * factor).replaceAll(",", "\u202f") : "–";
    };
    // Like the server's own form, in UTC, to the second.
    const utc = (text) => new Date(text).toISOString().slice(0, 19).replace("T", " ") + " UTC";

    const source = new EventSource(section.dataset.live);
    source.addEventListener("open", () => { state.textContent = section.dataset.liveOn; });
    source.addEventListener("error", () => { state.textContent = off; });
    source.addEventListener("end", () => { source.close(); state.textContent = off; });
    source.addEventListener("values", (event) => {
        const newest = JSON.parse(event.data);
        state.textContent = section.dataset.liveOn;
        if (newest.readingAt && time.getAttribute("datetime") !== newest.readingAt) {
            time.setAttribute("datetime", newest.readingAt);
            time.textContent = utc(newest.readingAt);
            time.removeAttribute("title");
        }
        for (const cell of section.querySelectorAll("[data-measure]")) {
            if (Object.hasOwn(newest.values, cell.dataset.measure)) {
                cell.textContent = show(newest.values[cell.dataset.measure], Number(cell.dataset.factor));
                cell.nextElementSibling?.removeAttribute("hidden");
            }
        }
    });
    addEventListener("pagehide", () => source.close());
}
