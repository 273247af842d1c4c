// Where a page is changed, Streamlit makes one step for the browser's Back, and a second one as the page writes its
// setting into the address. Between two touches of the visitor the second takes the place of the first.
if (!window.pearlStep) {
  window.pearlStep = { fresh: true };
  for (const touch of ["pointerdown", "keydown"])
    document.addEventListener(touch, () => (window.pearlStep.fresh = false), { capture: true, passive: true });
  const push = history.pushState.bind(history);
  history.pushState = (state, title, address) => {
    const samePage = new URL(address, location.href).pathname === location.pathname;
    if (samePage && window.pearlStep.fresh) history.replaceState(state, title, address);
    else push(state, title, address);
    window.pearlStep.fresh ||= !samePage;
  };
}
