// A telephone's photo is far larger than anybody needs to see a fault: it is drawn smaller before it
// is sent, so that it goes through a weak signal. Where that fails, the file goes as it is.
"use strict";
const SIDE = 1600;
const smaller = async (file) => {
  const drawn = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(drawn.width, drawn.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(drawn.width * scale));
  canvas.height = Math.max(1, Math.round(drawn.height * scale));
  canvas.getContext("2d").drawImage(drawn, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
};
for (const input of document.querySelectorAll("input[type=file][accept='image/*']")) {
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    try {
      const blob = await smaller(file);
      if (!blob || blob.size >= file.size) return;
      const list = new DataTransfer();
      list.items.add(new File([blob], "foto.jpg", { type: "image/jpeg" }));
      input.files = list.files;
    } catch { /* The house draws it anew, or says why not. */ }
  });
}
