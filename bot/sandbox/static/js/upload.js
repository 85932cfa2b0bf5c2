/** Uploads a file of the reader's to a conversation. */

import { act, toast } from "./api.js";

const LARGEST = 5_000_000;

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** Uploads `file` with an optional comment; returns null, after a notice, if it is too large or refused. */
export async function upload(file, place, comment) {
  if (file.size > LARGEST) {
    toast(`${file.name} has ${Math.round(file.size / 1e6)} MB; the sandbox takes files up to 5 MB.`);
    return null;
  }
  return act("upload", { ...place, name: file.name, base64: await base64(file), ...(comment ? { comment } : {}) });
}
