// Before anything is drawn: the theme that was chosen here, or the system's.
(() => {
    try {
        const chosen = localStorage.getItem("eg-theme");
        if (chosen === "dark" || chosen === "light")
            document.documentElement.dataset.theme = chosen;
    } catch {
        // Storage is forbidden: the system's.
    }
})();
