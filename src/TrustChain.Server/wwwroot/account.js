// Passkeys: asks the server for options, the browser for a credential, and sends it with the form.
const send = async (button, form) => {
    const token = form.querySelector("input[type=hidden]");
    const answer = await fetch(button.dataset.options, { method: "POST", body: new URLSearchParams([[token.name, token.value]]) });
    if (!answer.ok) {
        throw new Error(`${button.dataset.options}: ${answer.status}`);
    }
    if (answer.redirected) {
        location.assign(answer.url); // The server wants it shown first that it is them.
        return;
    }
    const options = await answer.json();
    const credential = button.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
};

for (const button of document.querySelectorAll("[data-passkey]")) {
    if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
        button.disabled = true;
        continue;
    }
    const form = button.form;
    button.closest("[hidden]")?.removeAttribute("hidden");
    button.addEventListener("click", async () => {
        const fault = form.querySelector(".fault[role=alert]");
        fault.hidden = true;
        if (!form.reportValidity()) {
            return;
        }
        try {
            await send(button, form);
        } catch (error) {
            console.warn(error);
            fault.textContent = button.dataset.failed;
            fault.hidden = false;
        }
    });
}
