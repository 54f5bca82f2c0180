// What every page does: show the errors of requests, in the place that screen readers announce.
"use strict";

document.addEventListener("htmx:responseError", (event) => {
  const told = document.getElementById("told");
  told.innerHTML = event.detail.xhr.responseText; // made by the server, with all text escaped
});
document.addEventListener("htmx:sendError", () => {
  const told = document.getElementById("told");
  told.textContent = "dreamplay does not answer. Start it again with: dreamplay open";
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) document.getElementById("told").replaceChildren();
});
