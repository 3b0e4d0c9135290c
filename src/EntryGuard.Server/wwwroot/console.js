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
        button.disabled = true;
        await post("auth/logout", {}, { "X-CSRF-Token": cookie("eg-csrf") });
        location.assign(button.dataset.signOut || "/sign-in");
    } else if ("themeButton" in button.dataset) {
        const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = isDark ? "light" : "dark";
        localStorage.setItem("eg-theme", root.dataset.theme);
    } else if ("copy" in button.dataset) {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.dataset.copied = "";
        setTimeout(() => delete button.dataset.copied, 1500);
    } else if ("palette" in button.dataset) {
        openPalette();
    } else if ("passkeyEnrol" in button.dataset) {
        await enrolWithPasskey(button);
    } else {
        await signInWithPasskey(button);
    }
});

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
export function listen(reference) {
    ears = reference;
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

// What the page remembers in this browser.
export const remember = (key, text) => text === null ? localStorage.removeItem("eg-" + key) : localStorage.setItem("eg-" + key, text);
export const recall = key => localStorage.getItem("eg-" + key);

/** granted, denied, default, or null where there are no notifications. */
export const mayNotify = () => "Notification" in window ? Notification.permission : null;
export const askToNotify = async () => "Notification" in window ? await Notification.requestPermission() : null;
export function notify(title, text) {
    if ("Notification" in window && Notification.permission === "granted")
        new Notification(title, { body: text, tag: "entryguard" });
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

// Times say the user's own clock as well.
document.addEventListener("mouseover", event => {
    const time = event.target instanceof Element ? event.target.closest("time[datetime]") : null;
    if (time && !time.title.includes("\n")) {
        const at = new Date(time.dateTime);
        time.title = `${at.toISOString().slice(0, 19).replace("T", " ")} UTC\n${at.toLocaleString()} here`;
    }
});

// A lost connection is taken up again, for as long as it takes; where the server began anew, so does the page, with what was typed.
const modal = document.getElementById("components-reconnect-modal");
let trying = false;

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
    if (state === "hide")
        modal.close();
    else if (!modal.open && state !== "rejected")
        modal.show();
    if (state === "failed")
        again();
    if (state === "rejected")
        reload();
});

function reload() {
    const kept = [];
    for (const field of document.querySelectorAll("main input, main textarea, .mud-dialog input, .mud-dialog textarea")) {
        if (field.value && field.type !== "password" && field.type !== "checkbox" && field.type !== "radio")
            kept.push([nameOf(field), field.value]);
    }
    if (kept.length > 0)
        sessionStorage.setItem("eg-typed", JSON.stringify({ at: location.pathname, kept }));
    modal?.classList.add("reloading");
    location.reload();
}

const nameOf = field => field.getAttribute("aria-label") || field.labels?.[0]?.textContent?.trim() || field.name || field.id;

/** After the page is alive again: puts back what was typed before it went, as the fields appear. */
export async function restoreTyped() {
    const stored = sessionStorage.getItem("eg-typed");
    if (!stored)
        return;
    sessionStorage.removeItem("eg-typed");
    const { at, kept } = JSON.parse(stored);
    let left = kept;
    for (let tries = 0; tries < 25 && left.length > 0 && at === location.pathname; tries++) {
        left = left.filter(([name, value]) => {
            const field = [...document.querySelectorAll("main input, main textarea")].find(f => nameOf(f) === name);
            if (!field)
                return true;
            if (field.value !== value) {
                field.value = value;
                field.dispatchEvent(new Event("input", { bubbles: true }));
                field.dispatchEvent(new Event("change", { bubbles: true }));
            }
            return false;
        });
        await new Promise(later => setTimeout(later, 200));
    }
}
