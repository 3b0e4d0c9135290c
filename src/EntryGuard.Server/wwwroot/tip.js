// What a time and a badge say besides: see Parts/Exact.razor and Parts/Badge.razor.

const root = document.documentElement;

// An instant by the clock of whoever looks, beside one in UTC; where both say the same, nothing. The server draws no text in it.
customElements.define("local-time", class extends HTMLElement {
    static observedAttributes = ["datetime"];

    attributeChangedCallback() {
        const at = new Date(this.getAttribute("datetime"));
        const isSameDay = at.getDate() === at.getUTCDate();
        this.textContent = at.getTimezoneOffset() === 0 ? "" : `${isSameDay ? at.toLocaleTimeString() : at.toLocaleString()} here`;
    }
});

// One tooltip for all: what a badge means, what was cut short, an instant in UTC and here. The pointer may go into it, Escape takes it away,
// and until then it stays (WCAG 2.2, 1.4.13). It is shown for the pointer, for the focus of the keyboard, and for a tap.
const tipped = "[data-tip]:not([data-tip='']), time[datetime]:not(:has(+ local-time))";
let tip = null;
let tipOf = null;   // what it is shown for; null: it is not
let refused = null;   // taken away with Escape: not again before the pointer was elsewhere
let tipTimer;
// What it says follows the page, and with its place it goes.
const tipWatcher = new MutationObserver(() => tipOf.isConnected && tipOf.matches(tipped) ? fillTip() : hideTip());

const tippedAt = event => event.target instanceof Element ? event.target.closest(tipped) : null;

function fillTip() {
    const at = tipOf.dataset.tip === undefined ? new Date(tipOf.dateTime) : null;
    const text = at ? `${at.toISOString().slice(0, 19).replace("T", " ")} UTC\n${at.toLocaleString()} here` : tipOf.dataset.tip;
    if (tip.textContent !== text)
        tip.textContent = text;
    const place = tipOf.getBoundingClientRect();
    const below = place.bottom + 6;
    tip.style.left = `${Math.max(8, Math.min(place.left + (place.width - tip.offsetWidth) / 2, root.clientWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(8, below + tip.offsetHeight > innerHeight ? place.top - tip.offsetHeight - 6 : below)}px`;
}

function showTip(of) {
    clearTimeout(tipTimer);
    if (of === tipOf || !of.isConnected)
        return;
    hideTip();
    if (!tip?.isConnected) {
        tip = document.createElement("div");
        tip.id = tip.className = "tip";
        tip.setAttribute("role", "tooltip");
        tip.popover = "manual";   // above dialogs
        document.body.append(tip);
    }
    tipOf = of;
    tip.showPopover();
    fillTip();
    if (!of.hasAttribute("aria-describedby"))
        of.setAttribute("aria-describedby", tip.id);
    tipWatcher.observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-tip", "datetime"] });
}

function hideTip() {
    clearTimeout(tipTimer);
    if (!tipOf)
        return;
    tipWatcher.disconnect();
    if (tipOf.getAttribute("aria-describedby") === tip.id)
        tipOf.removeAttribute("aria-describedby");
    tipOf = null;
    if (tip.isConnected)
        tip.hidePopover();
}

const hideTipSoon = () => { tipTimer = setTimeout(hideTip, 250); };   // time to reach it

document.addEventListener("pointerover", event => {
    if (event.pointerType === "touch")
        return;
    clearTimeout(tipTimer);
    const of = tippedAt(event);
    if (of !== refused)
        refused = null;
    if (of && of !== refused && of !== tipOf)
        tipTimer = setTimeout(() => showTip(of), 120);
    else if (tipOf && !of && !tip.contains(event.target) && !tipOf.matches(":focus-visible"))
        hideTipSoon();
});
root.addEventListener("pointerleave", event => {
    if (event.pointerType !== "touch" && !tipOf?.matches(":focus-visible")) {
        clearTimeout(tipTimer);
        hideTipSoon();
    }
});
document.addEventListener("focusin", event => {
    if (event.target.matches(tipped) && event.target.matches(":focus-visible"))
        showTip(event.target);
});
document.addEventListener("focusout", event => {
    if (event.target === tipOf)
        hideTip();
});
document.addEventListener("pointerdown", event => {
    if (tipOf && tippedAt(event) !== tipOf && !tip.contains(event.target))
        hideTip();
});
document.addEventListener("click", event => {
    const of = tippedAt(event);
    if (of && !of.closest("a, button, label"))   // a tap there does something else
        showTip(of);
});
document.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !tipOf)
        return;
    refused = tipOf;
    hideTip();
    event.preventDefault();
    event.stopImmediatePropagation();   // a dialog below stays
}, true);
// What has the focus may have been scrolled to, or made larger to be read: its tooltip goes along. The pointer is elsewhere then.
function moveTip() {
    if (tipOf?.matches(":focus-visible"))
        fillTip();
    else
        hideTip();
}
document.addEventListener("scroll", event => {
    if (tipOf && event.target.contains(tipOf))
        moveTip();
}, true);
addEventListener("resize", moveTip);
