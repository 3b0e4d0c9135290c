// What a page cannot do from the server. Everything that is shown or decided is the server's; see src/EntryGuard.Server/Web.

const root = document.documentElement;

function cookie(name) {
    for (const part of document.cookie.split("; ")) {
        const at = part.indexOf("=");
        if (part.slice(0, at).replace("__Host-", "") === name)
            return decodeURIComponent(part.slice(at + 1));
    }
    return "";
}

async function post(path, body, headers = {}) {
    const answer = await fetch("/api/v1/" + path, {
        method: "POST",
        signal: AbortSignal.timeout(15000),
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
    });
    return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => null) };
}

// Sign-out, theme, copying: buttons anywhere, also on pages without a connection.
document.addEventListener("click", async event => {
    const button = event.target instanceof Element ? event.target.closest("[data-sign-out], [data-theme-button], [data-copy], [data-palette], [data-passkey-sign-in], [data-passkey-enrol]") : null;
    if (!button)
        return;
    if ("signOut" in button.dataset) {
        await signOut(button);
    } else if ("themeButton" in button.dataset) {
        changeTheme();
    } else if ("copy" in button.dataset) {
        await copy(button);
    } else if ("palette" in button.dataset) {
        openPalette();
    } else if ("passkeyEnrol" in button.dataset) {
        await enrolWithPasskey(button);
    } else {
        await signInWithPasskey(button);
    }
});

async function signOut(button) {
    button.disabled = true;
    let said;
    try {
        const answer = await post("auth/logout", {}, { "X-CSRF-Token": cookie("eg-csrf") });
        if (answer.ok || answer.status === 401) {   // 401: it was over already
            forget();
            sessionStorage.setItem("eg-left", "");
            location.assign(button.dataset.signOut || "/sign-in");
            return;
        }
        said = answer.body?.message;
    } catch {
        // The server is not there, or too slow.
    }
    button.disabled = false;
    say("You are still signed in. " + (said ?? "The server did not answer. Try again in a moment."), true);
}

// Whoever left is not asked back to where they were, though the page may have seen that its sign-in was over before it was gone.
if (location.pathname === "/sign-in" && sessionStorage.getItem("eg-left") !== null) {
    sessionStorage.removeItem("eg-left");
    if (location.search)
        location.replace("/sign-in");
}

// What the system has is followed again as soon as it is chosen.
function changeTheme() {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const chosen = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    if (chosen === system)
        delete root.dataset.theme;
    else
        root.dataset.theme = chosen;
    remember("theme", chosen === system ? null : chosen);
}

async function copy(button) {
    const isCopied = await toClipboard(button.dataset.copy, button);
    if (isCopied) {
        button.dataset.copied = "";
        setTimeout(() => delete button.dataset.copied, 1500);
    }
    const what = (button.getAttribute("aria-label") ?? "").replace(/^Copy /, "");
    say(isCopied ? `Copied${what && ": " + what}` : "The browser did not let it be copied: select the text and press Ctrl-C.", !isCopied);
}

// Without a secure context, such as http from another host, there is no clipboard: then a selection is copied, as ever.
async function toClipboard(text, beside) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        const field = document.createElement("textarea");
        field.value = text;
        field.readOnly = true;
        field.className = "hidden-label";
        beside.after(field);   // where the focus may be, also in a dialog
        field.select();
        let isCopied = false;
        try {
            isCopied = document.execCommand("copy");
        } catch {
            // It is not copied.
        }
        field.remove();
        beside.focus();
        return isCopied;
    }
}

/** Says it to who hears the page; what went wrong is shown as well. */
let saying;
function say(text, isBad) {
    let place = document.getElementById("console-says");
    if (!place) {
        place = document.createElement("div");
        place.id = "console-says";
        place.setAttribute("role", "status");
        document.body.append(place);
    }
    place.className = isBad ? "notice bad" : "hidden-label";
    Object.assign(place.style, isBad ? { position: "fixed", left: "1rem", bottom: "1rem", zIndex: 3000 } : { position: "", left: "", bottom: "", zIndex: "" });
    place.textContent = "";
    clearTimeout(saying);
    setTimeout(() => place.textContent = text, 50);   // the same words once more are heard once more
    saying = setTimeout(() => { place.textContent = ""; place.className = "hidden-label"; }, isBad ? 15000 : 3000);
}

// A form is sent once, and says so while the answer is on its way.
document.addEventListener("submit", event => {
    const form = event.target;
    if (form.matches("[data-once]")) {
        if ("sent" in form.dataset) {
            event.preventDefault();
            return;
        }
        form.dataset.sent = "";
    }
});
// Its answer comes into the page as it is: the browser does not look for a field to begin with by itself.
Blazor.addEventListener("enhancedload", () => (document.querySelector(".door [aria-invalid=true]") ?? document.querySelector(".door [autofocus]"))?.focus());
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(form => delete form.dataset.sent));

// A button that was pressed says so at once and takes no second press, however slow the server: until it has heard of the first.
let ears = null;
let who = null;   // looks at the page
export function listen(reference, user) {
    ears = reference;
    who = user;
    for (const key of user === null ? [] : draftKeys())
        stored(key, user);
    root.dataset.alive = "";   // from here on a press is heard; before, the page is only a picture of itself
}
document.addEventListener("click", async event => {
    const button = event.target instanceof Element ? event.target.closest("button.mud-button-root") : null;
    if (!button || !ears)
        return;
    if ("waiting" in button.dataset) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
    }
    button.dataset.waiting = "";
    button.setAttribute("aria-busy", "true");
    setTimeout(async () => {   // after Blazor has sent the press itself
        try {
            await ears.invokeMethodAsync("Hear");
        } catch {
            // The connection is lost: the press is as well.
        } finally {
            delete button.dataset.waiting;
            button.removeAttribute("aria-busy");
        }
    });
}, true);

// Passkeys. The browser's own names for what went wrong are no help to anybody.
function words(error) {
    return error?.name === "NotAllowedError" ? "The browser asked for the passkey and got none: it was cancelled, or there is none for this place."
        : error?.name === "InvalidStateError" ? "This device has a passkey of yours already."
            : "The browser could not use a passkey: " + (error?.message ?? error);
}

/** Does it, and says below the button what went wrong. */
async function withPasskey(button, act) {
    const says = document.getElementById("passkey-says");
    says.hidden = true;
    button.disabled = true;
    try {
        await act();
    } catch (error) {
        says.textContent = error instanceof Refused ? error.message : words(error);
        says.hidden = false;
    } finally {
        button.disabled = false;
    }
}

class Refused extends Error { }

async function ask(path, body, headers) {
    const answer = await post(path, body, headers);
    if (!answer.ok)
        throw new Refused(answer.body?.message ?? "The server did not take it. Try again in a moment.");
    return answer.body;
}

const signInWithPasskey = button => withPasskey(button, async () => {
    const asked = await ask("auth/passkeys/sign-in/options", {});
    const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked.options) });
    await ask("auth/passkeys/sign-in", { passkeyToken: asked.passkeyToken, credential: credential.toJSON(), useCookies: true });
    location.assign(button.dataset.passkeySignIn);
});

// Where a second factor is demanded before the sign-in: adding a passkey signs in.
const enrolWithPasskey = button => withPasskey(button, async () => {
    const headers = { Authorization: "Bearer " + button.dataset.passkeyEnrol };
    const asked = await ask("auth/passkeys/options", {}, headers);
    const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked.options) });
    await ask("auth/passkeys", { passkeyToken: asked.passkeyToken, credential: credential.toJSON(), name: "Made at sign-in", useCookies: true }, headers);
    location.assign(button.dataset.back);
});

/** Makes a passkey. Answers { credential } as JSON text, or { error } in words. */
export async function makePasskey(options) {
    try {
        const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options)) });
        return { credential: JSON.stringify(credential.toJSON()) };
    } catch (error) {
        return { error: words(error) };
    }
}

/** Shows a passkey again, within the sign-in. */
export async function showPasskey(options) {
    try {
        const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)) });
        return { credential: JSON.stringify(credential.toJSON()) };
    } catch (error) {
        return { error: words(error) };
    }
}

// What the page remembers in this browser; where that is full or forbidden, it remembers nothing.
export function remember(key, text) {
    try {
        if (text === null)
            localStorage.removeItem("eg-" + key);
        else
            localStorage.setItem("eg-" + key, text);
    } catch {
        // The next page begins as the first did.
    }
}
export function recall(key) {
    try {
        return localStorage.getItem("eg-" + key);
    } catch {
        return null;
    }
}

/** granted, denied, default, or null where there are no notifications. */
export const mayNotify = () => "Notification" in window ? Notification.permission : null;
export const askToNotify = async () => "Notification" in window ? await Notification.requestPermission() : null;
export function notify(title, text) {
    if (mayNotify() !== "granted")
        return;
    try {
        const shown = new Notification(title, { body: text, tag: "entryguard" });
        shown.onclick = () => {
            window.focus();
            shown.close();
        };
    } catch {
        // Phones have notifications only for what is installed: the page itself says it.
    }
}

export const scrollTo = id => document.getElementById(id)?.scrollIntoView({ block: "nearest" });
/** What the server sees of us under a name that has one address family alone; null where it cannot be reached so. */
export async function detect(url) {
    try {
        const answer = await fetch(new URL("/api/v1/detect-ip", url), { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(3000) });
        return answer.ok ? await answer.json() : null;
    } catch {
        return null;
    }
}

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || null;
export function focus(selector) {
    const found = document.querySelector(selector);
    if (found && !found.matches("a, button, input, select, textarea"))
        found.tabIndex = -1;   // a text may have the focus as well
    found?.focus();
}

/** Shows a dialog of the page as a modal one, or closes it: the browser keeps the focus in it, and gives it back where it was. */
export function showDialog(id, isShown) {
    const dialog = document.getElementById(id);
    if (isShown && !dialog.open)
        dialog.showModal();
    else if (!isShown)
        dialog.close();
}

// Ctrl-K, wherever the focus is. It is there at once; what it finds comes from the server.
let palette = null;
export const onPalette = reference => { palette = reference; };

function openPalette() {
    const dialog = document.getElementById("palette");
    if (!palette || !dialog || dialog.open)
        return;
    const input = dialog.querySelector("input");
    input.value = "";
    dialog.showModal();
    input.focus();
    palette.invokeMethodAsync("Open");
}

document.addEventListener("keydown", event => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
        event.preventDefault();
        openPalette();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target instanceof Element && event.target.getAttribute("role") === "combobox" && event.target.closest("#palette")) {
        event.preventDefault();   // it moves the choice, not the caret
    }
});

// What somebody typed or ticked, and when: what was done as the line broke never arrived, and what a reload takes is put back from it.
const touched = new Map();
for (const kind of ["input", "change"]) {
    document.addEventListener(kind, event => {
        if (isKept(event.target))
            touched.set(event.target, Date.now());
    }, true);
}

// "Cancel" gives up what was typed; so does no other way off the page.
document.addEventListener("click", event => {
    if (event.target instanceof Element && event.target.closest("[data-discard]"))
        forget(false);
}, true);

const isBox = field => field.type === "checkbox" || field.type === "radio";
// No secrets; what a list shows of a choice is not the choice; and what is typed to go on is typed each time.
const isKept = field => field instanceof Element && field.matches("main :is(input, textarea, select), .mud-dialog :is(input, textarea, select)")
    && field.type !== "password" && field.type !== "file" && !field.readOnly && field.getAttribute("role") !== "combobox" && !("unkept" in field.dataset) && field.autocomplete !== "one-time-code";

function touchedFields() {
    for (const field of [...touched.keys()].filter(f => !f.isConnected))
        touched.delete(field);
    return [...touched.keys()];
}

function tell(field) {
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
}

// A lost connection is taken up again, for as long as it takes; where the server began anew, so does the page, with what was typed.
// Until then nothing can be pressed or typed: nobody would hear of it. The dialog is a modal one for that.
const modal = document.getElementById("components-reconnect-modal");
let trying = false;
let lostAt = 0;   // 0: it stands

async function again() {
    if (trying)
        return;
    trying = true;
    for (; ;) {
        try {
            if (await Blazor.reconnect())
                break;
            reload();   // the server answers, and does not know this page any more
            return;
        } catch {
            await new Promise(later => setTimeout(later, 700));
        }
    }
    trying = false;
}

modal?.addEventListener("components-reconnect-state-changed", event => {
    const state = event.detail.state;
    if (state === "hide") {
        if (!lostAt)
            return;
        const since = lostAt - 60000;   // a line that is dead without a word is found so after half a minute
        lostAt = 0;
        modal.close();
        for (const field of touchedFields().filter(f => touched.get(f) > since))
            tell(field);
        return;
    }
    lostAt ||= Date.now();
    if (!modal.open && state !== "rejected")
        modal.showModal();
    if (state === "failed")
        again();
    if (state === "rejected")
        reload();
});
modal?.addEventListener("cancel", event => event.preventDefault());
modal?.addEventListener("close", () => {
    if (lostAt)
        modal.showModal();   // Escape does not bring the line back
});

function reload() {
    keepTyped();
    modal?.classList.add("reloading");
    location.reload();
}

// What is typed outlives the page that shows it, whatever takes that: for an hour, in this tab, at its address, for who typed it.
const keptFor = 60 * 60 * 1000;
const tab = (() => {
    try {
        return sessionStorage;
    } catch {
        return null;   // it is forbidden
    }
})();
const drafts = "eg-draft ";
const takenUp = new Set();
let wasKept = false;

function store(key, user, value, until = Date.now() + keptFor) {
    try {
        tab?.setItem(key, JSON.stringify({ who: user, until, value }));
    } catch {
        // It is full.
    }
}

/** What was stored for this user, else null. Another user's goes. */
function stored(key, user) {
    let found = null;
    try {
        found = JSON.parse(tab?.getItem(key));
    } catch {
        // Not ours.
    }
    if (found?.who === user && found.until >= Date.now())
        return found.value;
    tab?.removeItem(key);
    return null;
}

const draftKeys = () => Object.keys(tab ?? {}).filter(key => key.startsWith(drafts));
const draftKey = (at, name) => drafts + at + " " + name;
const isHere = at => at === location.pathname || at === location.pathname + location.search;

/** Whoever left, and whoever gave a form up, finds nothing of it. */
function forget(isAll = true) {
    touched.clear();
    tab?.removeItem("eg-typed");
    for (const key of draftKeys().filter(key => isAll || isHere(key.split(" ")[1])))
        tab?.removeItem(key);
}

/** A form of a page, as the server has it, is kept from now on; null: it was sent, or given up. */
export function keepDraft(user, at, name, text) {
    if (text === null)
        tab?.removeItem(draftKey(at, name));
    else if (isHere(at))   // else it was left meanwhile
        store(draftKey(at, name), user, text);
    if (text === null && isHere(at))
        touched.clear();
}

export function takeUpDraft(user, at, name) {
    takenUp.add(draftKey(at, name));
    return stored(draftKey(at, name), user);
}

const nameOf = field => (field.getAttribute("aria-label") || field.labels?.[0]?.textContent?.trim() || field.name || field.id || "") + "\n" + field.type;

/** All fields of a place that have this name: rows of a form have the same. */
const namesakes = (name, isOfDialog) => [...document.querySelectorAll(isOfDialog ? ".mud-dialog :is(input, textarea, select)" : "main :is(input, textarea, select)")].filter(f => nameOf(f) === name);

export function keepTyped(until = undefined) {
    if (who === null)
        return;
    wasKept = true;
    const kept = touchedFields().map(field => {
        const dialog = field.closest(".mud-dialog");
        const name = nameOf(field);
        return {
            name,
            nth: namesakes(name, dialog !== null).indexOf(field),
            value: isBox(field) ? field.checked : field.value,
            dialog: dialog && (dialog.querySelector(".mud-dialog-title")?.textContent?.trim() || "dialog"),
        };
    });
    if (kept.length > 0)
        store("eg-typed", who, { at: location.pathname, kept }, until);
}

// A reload is back at once. Who went elsewhere and comes back later finds the page as it is then.
window.addEventListener("pagehide", () => {
    if (!wasKept)
        keepTyped(Date.now() + 60 * 1000);
});

/** True once it is there and has its value. */
function putBack({ name, nth, value, dialog }) {
    const field = namesakes(name, dialog !== null)[nth];
    if (!field || field.disabled)
        return false;
    if (isBox(field)) {
        if (field.checked !== value && (field.type === "checkbox" || value))
            field.click();
    } else if (field.value !== value) {
        field.value = value;
        tell(field);
    }
    return true;
}

/** After the page is alive again: puts back what was typed before it went, as the fields appear. Answers the title of a dialog that was open. */
export function restoreTyped() {
    const { at, kept } = stored("eg-typed", who) ?? {};
    if (at !== location.pathname)
        return null;
    tab?.removeItem("eg-typed");
    const isDue = key => isHere(key.split(" ")[1]) && key.endsWith(" form") && !takenUp.has(key);
    putBackAll(kept.filter(k => k.dialog === null), () => draftKeys().some(isDue));
    const ofDialog = kept.filter(k => k.dialog !== null);
    if (ofDialog.length === 0)
        return null;
    // It gets its text when it is opened again.
    new MutationObserver((_, watcher) => {
        if (document.querySelector(".mud-dialog")?.textContent.includes(ofDialog[0].dialog)) {
            watcher.disconnect();
            putBackAll(ofDialog, () => false);
        }
    }).observe(document.body, { childList: true, subtree: true });
    return ofDialog[0].dialog;
}

async function putBackAll(left, mustWait) {
    const pause = time => new Promise(later => setTimeout(later, time));
    const at = location.pathname;
    for (let tries = 0; tries < 20 && mustWait(); tries++)
        await pause(100);   // the form first, then what had not reached it
    for (let tries = 0; tries < 25 && left.length > 0 && at === location.pathname; tries++) {
        await pause(200);
        left = left.filter(k => !putBack(k));
    }
}
