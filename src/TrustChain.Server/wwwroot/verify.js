// The button "Verify in this browser" and the copy buttons. Without this script everything else on the page still works.
// The verification itself is loaded when the button is pressed. Other programs may call verifyBundle to check evidence with the same code.

/** See verify-bundle.js. */
export async function verifyBundle(input, trust, chain) {
  const { verifyBundle: verify } = await import("./verify-bundle.js");
  return verify(input, trust, chain);
}

/** See verify-chain.js. */
export async function observeChain(rpcUrl, anchors) {
  const { observeChain: observe } = await import("./verify-chain.js");
  return observe(rpcUrl, anchors);
}

/** The labels stand on the body, in the page's language. */
function copyButton(text) {
  const { copy, copied } = document.body.dataset;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", lang: document.documentElement.lang, textContent: copy });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = copied;
  });
  return button;
}

function start() {
  const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  const box = document.getElementById("verify");
  const button = box?.querySelector("button");
  if (button) {
    button.disabled = false;
    button.addEventListener("click", async () => {
      const { press } = await import("./verify-page.js");
      await press(box, button, document.getElementById("verify-result"), language);
    });
  }
  if (navigator.clipboard) {
    for (const copyable of document.querySelectorAll(".copyable")) {
      copyable.append(copyButton([...copyable.querySelectorAll("code")].at(-1).textContent));
    }
  }
}

if (typeof document !== "undefined") {
  start();
}
